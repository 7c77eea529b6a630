namespace Mags.Server.Hosting;

/// <summary>Tells a full disk from other faults of files.</summary>
internal static class DiskFault
{
    /// <summary>ENOSPC and EDQUOT of Linux, as .NET carries them in HResult.</summary>
    private const int NoSpace = 28;
    private const int OverQuota = 122;

    public static bool IsDiskFull(IOException exception) => exception.HResult is NoSpace or OverQuota;
}
