using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Disks;

/// <summary>
/// The writable disk of a machine: an own layer over layers that are only read and shared by all who start from them. The
/// handles are for QEMU, which has its own from then on.
/// </summary>
internal sealed class WritableDisk : IDisposable
{
    private WritableDisk(IEnumerable<string> below, string own, long sizeBytes, bool isKept)
    {
        Below = [.. below.Select(Open)];
        Own = File.OpenHandle(own, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        (SizeBytes, IsKept) = (sizeBytes, isKept);
    }

    /// <summary>The layers below, open for reading, the lowest first.</summary>
    internal IReadOnlyList<SafeFileHandle> Below { get; }

    /// <summary>The machine's own layer, open for writing.</summary>
    internal SafeFileHandle Own { get; }

    /// <summary>Size as the guest sees it.</summary>
    internal long SizeBytes { get; }

    /// <summary>Whether its own layer stays after the machine: then what a guest flushes is flushed to the host's disk.</summary>
    internal bool IsKept { get; }

    /// <summary>An empty disk that goes with its machine.</summary>
    /// <param name="blank">What it lies on.</param>
    /// <param name="path">Where its layer is made.</param>
    internal static WritableDisk Empty(BlankDisk blank, string path) => Make([blank.Path], blank, path, isKept: false);

    /// <summary>A disk that starts from what others have left.</summary>
    /// <param name="source">What it starts from, and where its layer stays.</param>
    /// <param name="blank">The blank of its size, whose layer is copied.</param>
    /// <param name="path">Where its layer is made when it does not stay.</param>
    internal static WritableDisk From(MachineDisk source, BlankDisk blank, string path) =>
        Make(source.Layers, blank, source.KeepAt ?? path, source.KeepAt is not null);

    public void Dispose()
    {
        foreach (var layer in Below)
        {
            layer.Dispose();
        }

        Own.Dispose();
    }

    private static SafeFileHandle Open(string layer)
    {
        try
        {
            return File.OpenHandle(layer);
        }
        catch (FileNotFoundException e)
        {
            throw new MachineException(MachineFault.NoDisk, $"The layer {layer} of its disk is gone.", e);
        }
    }

    // A copy of some 200 KB; a process that makes one takes twenty times as long.
    private static WritableDisk Make(IReadOnlyList<string> below, BlankDisk blank, string path, bool isKept)
    {
        File.Copy(blank.LayerTemplate, path);
        return new WritableDisk(below, path, blank.SizeBytes, isKept);
    }
}
