namespace Mags.Cli.Servers;

/// <summary>Exit codes of <c>magsd run</c> that need more than its own sentence.</summary>
internal static class MagsdExitCodes
{
    /// <summary>A fault of the server.</summary>
    public const int Fault = 1;

    /// <summary>Another server holds the home folder.</summary>
    public const int HomeIsHeld = 3;
}
