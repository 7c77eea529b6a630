using Mags.Cluster.Workspaces.Sync;
using Mags.Machines;
using Mags.Machines.Sandboxes;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>A workspace that is being given out. Its layers stay until it is disposed.</summary>
public sealed class WorkspaceExport : IAsyncDisposable
{
    private readonly HeldLayers _held;
    private readonly IReadOnlyList<Guid> _layers;
    private readonly LayerDisk _disk;

    internal WorkspaceExport(HeldLayers held, IReadOnlyList<Guid> layers, LayerDisk disk) =>
        (_held, _layers, _disk) = (held, layers, disk);

    /// <summary>Name of its image.</summary>
    public required string Image { get; init; }

    /// <summary>Digest of that image.</summary>
    public required string ImageDigest { get; init; }

    /// <summary>Size of its disk in GiB.</summary>
    public required int DiskGb { get; init; }

    /// <summary>Size of its disk in bytes.</summary>
    public long SizeBytes => _disk.SizeBytes;

    /// <summary>Writes all of the raw image.</summary>
    /// <exception cref="MachineException">It could not be read to its end.</exception>
    public Task CopyToAsync(Stream into, CancellationToken cancellationToken) =>
        RawDiskReader.CopyAsync(new LayerDiskSource(_disk, syncedLevel: -1), into, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _disk.DisposeAsync();
        _held.Unpin(_layers);
    }
}
