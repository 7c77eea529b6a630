namespace Mags.Machines.Tools;

/// <summary>Refuses work that the disk has no room for, before it fails halfway.</summary>
internal static class DiskSpace
{
    /// <summary>Throws when the file system of <paramref name="folder"/> has less than <paramref name="mib"/> free.</summary>
    /// <exception cref="MachineException">There is not enough room.</exception>
    public static void Require(string folder, long mib, string purpose)
    {
        var freeMib = new DriveInfo(folder).AvailableFreeSpace >> 20;
        if (freeMib < mib)
        {
            throw new MachineException(
                MachineFault.NoResources,
                $"{purpose} needs {mib} MiB free in {folder}, and there are {freeMib} MiB.");
        }
    }
}
