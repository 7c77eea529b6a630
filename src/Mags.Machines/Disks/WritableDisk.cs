namespace Mags.Machines.Disks;

/// <summary>
/// The writable disk of a machine: an own layer over layers that are only read and shared by all who start from them. The
/// handles are for QEMU, which has its own from then on.
/// </summary>
internal sealed class WritableDisk : IDisposable
{
    private WritableDisk(IReadOnlyList<string> below, BlankDisk blank, string path, bool isKept)
    {
        (Blank, IsKept) = (blank, isKept);
        Below = LayerFile.ForReading(below);
        Own = LayerFile.Make(blank, path);
    }

    /// <summary>The layers below, open for reading, the lowest first.</summary>
    internal IReadOnlyList<LayerFile> Below { get; }

    /// <summary>The machine's own layer, open for writing.</summary>
    internal LayerFile Own { get; }

    /// <summary>The blank of its size, whose layer is copied for every own one.</summary>
    internal BlankDisk Blank { get; }

    /// <summary>Whether its own layer stays after the machine: then what a guest flushes is flushed to the host's disk.</summary>
    internal bool IsKept { get; }

    /// <summary>An empty disk that goes with its machine.</summary>
    /// <param name="blank">What it lies on.</param>
    /// <param name="path">Where its layer is made.</param>
    internal static WritableDisk Empty(BlankDisk blank, string path) => new([blank.Path], blank, path, isKept: false);

    /// <summary>A disk that starts from what others have left.</summary>
    /// <param name="source">What it starts from, and where its layer stays.</param>
    /// <param name="blank">The blank of its size, whose layer is copied.</param>
    /// <param name="path">Where its layer is made when it does not stay.</param>
    internal static WritableDisk From(MachineDisk source, BlankDisk blank, string path) =>
        new(source.Layers, blank, source.KeepAt ?? path, source.KeepAt is not null);

    public void Dispose()
    {
        foreach (var layer in Below)
        {
            layer.Dispose();
        }

        Own.Dispose();
    }
}
