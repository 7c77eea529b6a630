using System.Runtime.CompilerServices;
using Mags.Machines.Sandboxes;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>Sealed layers as a disk that a snapshot is taken of.</summary>
/// <param name="disk">The layers.</param>
/// <param name="syncedLevel">The layer that the base snapshot is equal to; -1 when all has to be looked at.</param>
internal sealed class LayerDiskSource(LayerDisk disk, int syncedLevel) : IDiskSource
{
    public long SizeBytes => disk.SizeBytes;

    /// <summary>What no layer holds reads as zero: that has to be said where the base may have had something there.</summary>
    public async IAsyncEnumerable<DiskExtent> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var whole = syncedLevel < 0;
        var end = 0L;
        await foreach (var extent in disk.ListAsync(syncedLevel, cancellationToken))
        {
            if (whole && extent.Offset > end)
            {
                yield return new DiskExtent(end, extent.Offset - end, IsZero: true);
            }

            yield return new DiskExtent(extent.Offset, extent.Length, extent.IsZero);
            end = extent.Offset + extent.Length;
        }

        if (whole && end < SizeBytes)
        {
            yield return new DiskExtent(end, SizeBytes - end, IsZero: true);
        }
    }

    public Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        disk.ReadAsync(offset, buffer, cancellationToken);
}
