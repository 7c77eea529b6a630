using Mags.Machines.Native;
using Mags.Machines.Tools;

namespace Mags.Machines.Disks;

/// <summary>
/// The files of layers that outlive their machines: <c>layers/ID.qcow2</c>. Whoever keeps account of them says which have
/// to be there; a file that another layer or a machine starts from is never written to.
/// </summary>
public sealed class LayerFiles
{
    private const string Extension = ".qcow2";

    private readonly HomeFolders _folders;
    private readonly BlankDisks _blanks;

    internal LayerFiles(HomeFolders folders, BlankDisks blanks)
    {
        (_folders, _blanks) = (folders, blanks);
    }

    /// <summary>Path of a layer's file, there or not.</summary>
    public string PathOf(Guid layer) => Path.Combine(_folders.Layers, layer.ToString("N") + Extension);

    /// <summary>
    /// Makes a lowest layer: an empty formatted disk. It is another name of the blank's file, which so stays as it is for
    /// this layer even if blanks are made anew.
    /// </summary>
    /// <exception cref="MachineException">The disk could not be made.</exception>
    public async Task AddEmptyAsync(Guid layer, int sizeGb, CancellationToken cancellationToken)
    {
        var blank = await _blanks.EnsureAsync(sizeGb, cancellationToken);
        _ = Directory.CreateDirectory(_folders.Layers, HomeFolders.OwnerOnly);
        if (!File.Exists(PathOf(layer)) && LibC.Link(blank.Path, PathOf(layer)) != 0)
        {
            throw NativeError.Last("naming an empty disk");
        }
    }

    /// <summary>Whether a layer's file is there.</summary>
    public bool Exists(Guid layer) => File.Exists(PathOf(layer));

    /// <summary>
    /// Whether a layer's file is there and was made to its end. One that is not was never written to: its first write goes
    /// to the disk with all that was there before.
    /// </summary>
    public bool IsWhole(Guid layer) => LayerFile.IsWhole(PathOf(layer));

    /// <summary>Whether a machine has written to a layer since it was made.</summary>
    public bool HasChanged(Guid layer) => File.GetLastWriteTimeUtc(PathOf(layer)) > LayerFile.Unwritten;

    /// <summary>Brings a layer and its name to the host's disk.</summary>
    /// <returns>The bytes that its file takes; null when there is none.</returns>
    public long? Flush(Guid layer)
    {
        var path = PathOf(layer);
        if (!File.Exists(path))
        {
            return null;
        }

        DurableFile.Flush(path);
        DurableFile.FlushFolder(_folders.Layers);
        using var file = File.OpenHandle(path);
        return SparseFile.DataRanges(file).Sum(range => range.End - range.Start);
    }

    /// <summary>Removes a layer's file, when it is there. Machines that have it open go on.</summary>
    public void Remove(Guid layer)
    {
        // The folder may not be there either: nothing was ever kept.
        if (File.Exists(PathOf(layer)))
        {
            File.Delete(PathOf(layer));
        }
    }

    /// <summary>The layers whose files are there.</summary>
    public IReadOnlyList<Guid> List() => !Directory.Exists(_folders.Layers)
        ? []
        :
        [
            .. Directory.EnumerateFiles(_folders.Layers, "*" + Extension)
                .Select(path => Guid.TryParseExact(Path.GetFileNameWithoutExtension(path), "N", out var id) ? id : (Guid?)null)
                .OfType<Guid>(),
        ];
}
