using Mags.Machines.Sandboxes;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>
/// Writes a raw image to a new layer over an empty disk: what is not zero, and zeros where the empty disk, which holds an
/// empty file system, is not.
/// </summary>
/// <param name="occupied">Where the empty disk is not zero, in order.</param>
/// <param name="write">Writes to the layer.</param>
/// <param name="zero">Makes a span of the layer zero.</param>
internal sealed class RawDiskWriter(
    IReadOnlyList<LayerExtent> occupied,
    Func<long, ReadOnlyMemory<byte>, CancellationToken, Task> write,
    Func<long, long, CancellationToken, Task> zero)
{
    /// <summary>What is written or left out as one.</summary>
    internal const int PieceBytes = 64 * 1024;

    // Read while the one before is written; as much as two of them is in memory.
    private const int BatchBytes = 32 * PieceBytes;

    private readonly List<Task> _underWay = [];
    private int _next;

    /// <summary>Writes the image to its end, or as much of it as the disk takes.</summary>
    /// <param name="image">The image.</param>
    /// <param name="sizeBytes">Size of the disk, a whole number of pieces.</param>
    /// <param name="beforeEach">Called before each batch with what was read; it throws to give up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many bytes the image has; more than the disk's when it has more.</returns>
    public async Task<long> WriteAsync(
        Stream image, long sizeBytes, Action<long> beforeEach, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BatchBytes], other = new byte[BatchBytes];
        long offset = 0;
        try
        {
            while (true)
            {
                beforeEach(offset);
                var count = await image.ReadAtLeastAsync(buffer, BatchBytes, throwOnEndOfStream: false, cancellationToken);
                if (offset + count > sizeBytes || count == 0)
                {
                    return offset + count;
                }

                await SettleAsync();
                Begin(offset, buffer.AsMemory(0, count), cancellationToken);
                (buffer, other) = (other, buffer);
                offset += count;
            }
        }
        finally
        {
            await SettleAsync();
        }
    }

    private void Begin(long offset, ReadOnlyMemory<byte> batch, CancellationToken cancellationToken)
    {
        for (var from = 0; from < batch.Length;)
        {
            var isZero = IsZero(batch, from);
            var end = from + PieceBytes;
            while (end < batch.Length && IsZero(batch, end) == isZero)
            {
                end += PieceBytes;
            }

            end = Math.Min(end, batch.Length);
            if (isZero)
            {
                Clear(offset + from, offset + end, cancellationToken);
            }
            else
            {
                _underWay.Add(write(offset + from, batch[from..end], cancellationToken));
            }

            from = end;
        }
    }

    /// <summary>Only what the empty disk has there: all of a large empty disk would be many marks for nothing.</summary>
    private void Clear(long from, long end, CancellationToken cancellationToken)
    {
        while (_next < occupied.Count && occupied[_next].Offset + occupied[_next].Length <= from)
        {
            _next++;
        }

        for (var at = _next; at < occupied.Count && occupied[at].Offset < end; at++)
        {
            var begin = Math.Max(from, occupied[at].Offset);
            var length = Math.Min(end, occupied[at].Offset + occupied[at].Length) - begin;
            _underWay.Add(zero(begin, length, cancellationToken));
        }
    }

    private static bool IsZero(ReadOnlyMemory<byte> batch, int from) =>
        !batch.Span.Slice(from, Math.Min(PieceBytes, batch.Length - from)).ContainsAnyExcept((byte)0);

    private async Task SettleAsync()
    {
        try
        {
            await Task.WhenAll(_underWay);
        }
        finally
        {
            _underWay.Clear();
        }
    }
}
