namespace Mags.Contracts.Jobs;

/// <summary>Data of the <c>end</c> event of a followed log.</summary>
public sealed record JobEnd
{
    /// <summary>The job's status at its script's end.</summary>
    public required string Status { get; init; }

    /// <summary>The script's exit code; absent when it never ended by itself.</summary>
    public int? ExitCode { get; init; }
}
