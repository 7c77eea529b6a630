using Mags.Machines.Sandboxes;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>A new layer over an empty disk, which a snapshot is restored to.</summary>
internal sealed class LayerDiskTarget(LayerDisk disk) : IDiskTarget
{
    /// <summary>The empty disk holds an empty file system: where the snapshot has nothing, that must not be seen.</summary>
    public async Task BeginAsync(long sizeBytes, IReadOnlyList<DiskRange> present, CancellationToken cancellationToken)
    {
        var next = 0;
        await foreach (var extent in disk.ListAsync(above: -1, cancellationToken))
        {
            var (from, end) = (extent.Offset, extent.Offset + extent.Length);
            while (from < end)
            {
                while (next < present.Count && present[next].Offset + present[next].Length <= from)
                {
                    next++;
                }

                var covered = next < present.Count ? present[next] : new DiskRange(long.MaxValue, 0);
                if (covered.Offset > from)
                {
                    var gap = Math.Min(end, covered.Offset) - from;
                    await disk.ZeroAsync(from, gap, cancellationToken);
                    from += gap;
                }
                else
                {
                    from = covered.Offset + covered.Length;
                }
            }
        }
    }

    public Task WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        disk.WriteAsync(offset, content, cancellationToken);
}
