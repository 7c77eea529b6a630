namespace Mags.Cli.Servers;

/// <summary>What the exit codes of <c>magsd run</c> mean.</summary>
internal static class MagsdExitCodes
{
    public const int BadArguments = 2;
    public const int HomeIsHeld = 3;
    public const int AddressInUse = 4;
    public const int HomeNotWritable = 5;
}
