namespace Mags.Machines.Walls;

/// <summary>How large a file a hypervisor may write: as the largest disk, whichever it gets in its life.</summary>
internal static class FileLimit
{
    // Metadata of a qcow2 file is a thousandth of the disk; the rest is for clusters that lie unused in it.
    private const int SpareShare = 32;

    /// <summary>The limit in bytes.</summary>
    internal static long Of(MachinesOptions options)
    {
        var disk = (long)options.LargestDiskGb << 30;
        return disk + (disk / SpareShare);
    }
}
