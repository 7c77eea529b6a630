using System.Collections;
using Mags.Cli.Native;

namespace Mags.Cli;

/// <summary>The one place where environment variables are read. An empty one counts as not set.</summary>
internal sealed record CliEnvironment
{
    /// <summary><c>MAGS_API_URL</c>: a server to use before all others.</summary>
    public string? ApiUrl { get; init; }

    /// <summary><c>MAGS_API_TOKEN</c>, else <c>MAGS_TOKEN</c>: the token for <see cref="ApiUrl"/>.</summary>
    public string? ApiToken { get; init; }

    /// <summary>
    /// <c>MAGS_HOME</c>, absolute: the local server's folder. Default <c>/var/lib/mags</c> for root, else
    /// <c>mags</c> in <c>XDG_DATA_HOME</c> or <c>~/.local/share</c>.
    /// </summary>
    public required string Home { get; init; }

    /// <summary>File that a login to a remote server is kept in: <c>~/.mags/config.json</c>.</summary>
    public required string LoginPath { get; init; }

    /// <summary>Whether <c>NO_COLOR</c> is set or the terminal is a dumb one.</summary>
    public bool NoColor { get; init; }

    /// <summary>All variables: what a child inherits, and what <c>--env NAME</c> takes its value from.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    public static CliEnvironment FromProcess()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables[(string)variable.Key] = (string?)variable.Value ?? string.Empty;
        }

        return From(variables, Libc.GetEffectiveUserId() == 0);
    }

    internal static CliEnvironment From(IReadOnlyDictionary<string, string> variables, bool isRoot)
    {
        var userHome = Value(variables, "HOME") ?? (isRoot ? "/root" : "/");
        var data = Value(variables, "XDG_DATA_HOME") ?? Path.Combine(userHome, ".local/share");
        var home = Value(variables, "MAGS_HOME") ?? (isRoot ? "/var/lib/mags" : Path.Combine(data, "mags"));
        return new CliEnvironment
        {
            ApiUrl = Value(variables, "MAGS_API_URL"),
            ApiToken = Value(variables, "MAGS_API_TOKEN") ?? Value(variables, "MAGS_TOKEN"),
            Home = Path.TrimEndingDirectorySeparator(Path.GetFullPath(home)),
            LoginPath = Path.Combine(userHome, ".mags/config.json"),
            NoColor = Value(variables, "NO_COLOR") is not null || Value(variables, "TERM") == "dumb",
            Variables = variables,
        };
    }

    private static string? Value(IReadOnlyDictionary<string, string> variables, string name) =>
        variables.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
