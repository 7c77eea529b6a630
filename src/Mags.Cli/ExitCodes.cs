namespace Mags.Cli;

/// <summary>
/// Every exit code of the command. <c>mags run</c> hands on its script's exit code; its own failures are
/// <see cref="RunFailed"/>, so that scripts can tell them apart.
/// </summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The server refused, cannot be reached, or something on this machine went wrong.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>mags server status</c> and <c>stop</c>: no local server runs.</summary>
    public const int NotRunning = 3;

    /// <summary><c>mags run</c>: the script did not run, or how it ended is unknown.</summary>
    public const int RunFailed = 125;

    /// <summary>Ctrl-C, SIGTERM or a closed terminal ended the command; the job of a <c>run</c> was stopped.</summary>
    public const int Interrupted = 130;

    /// <summary>Whoever reads our output went away (128 + SIGPIPE).</summary>
    public const int OutputClosed = 141;
}
