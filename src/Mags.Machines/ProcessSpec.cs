namespace Mags.Machines;

/// <summary>A process to run in a machine, as root, in its own session and process group, standard input empty.</summary>
public sealed record ProcessSpec
{
    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>When set: stored as a file in the guest; its path is appended to <see cref="Arguments"/>.</summary>
    public ReadOnlyMemory<byte>? Script { get; init; }

    /// <summary>Added to the guest's base environment (PATH, HOME, …).</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Working directory; default <c>/root</c>.</summary>
    public string WorkingDirectory { get; init; } = "/root";

    /// <summary>Past it the process group is killed; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}
