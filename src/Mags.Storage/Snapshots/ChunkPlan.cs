using System.Runtime.CompilerServices;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>Turns a disk's changed extents into whole chunks, each once and in order, in batches within one page.</summary>
internal static class ChunkPlan
{
    /// <summary>Chunks of a batch at most: 1 MiB is read and worked on at once.</summary>
    public const int BatchChunks = 16;

    public static async IAsyncEnumerable<IReadOnlyList<PlannedChunk>> BatchesAsync(
        IDiskSource source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<PlannedChunk>(BatchChunks);
        await foreach (var chunk in ChunksAsync(source, cancellationToken))
        {
            if (batch.Count == BatchChunks
                || (batch.Count > 0 && batch[0].Index / DiskLayout.ChunksOfPage != chunk.Index / DiskLayout.ChunksOfPage))
            {
                yield return batch;
                batch = new List<PlannedChunk>(BatchChunks);
            }

            batch.Add(chunk);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private static async IAsyncEnumerable<PlannedChunk> ChunksAsync(
        IDiskSource source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var size = source.SizeBytes;
        var next = 0;
        var end = 0L;
        await foreach (var extent in source.ListAsync(cancellationToken))
        {
            if (extent.Offset < end || extent.Length < 0 || extent.Offset + extent.Length > size)
            {
                throw new ArgumentException(
                    $"the extent of {extent.Length} bytes at {extent.Offset} is out of order or beyond the disk", nameof(source));
            }

            end = extent.Offset + extent.Length;
            var past = DiskLayout.ChunksOf(end);
            for (var index = Math.Max(next, (int)(extent.Offset / DiskLayout.ChunkBytes)); index < past; index++)
            {
                // Only what this extent covers is known to be zero: a chunk that it shares is read.
                var start = (long)index * DiskLayout.ChunkBytes;
                var isZero = extent.IsZero && extent.Offset <= start
                    && end >= Math.Min(start + DiskLayout.ChunkBytes, size);
                yield return new PlannedChunk(index, isZero);
            }

            next = Math.Max(next, past);
        }
    }
}

/// <summary>A chunk that is to be looked at.</summary>
internal readonly record struct PlannedChunk(int Index, bool IsZero);
