using System.Buffers;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>Some chunks of one page on their way from the disk into a pack.</summary>
internal sealed class ChunkBatch
{
    private readonly IReadOnlyList<PlannedChunk> _chunks;
    private readonly byte[] _plain;
    private readonly byte[] _packed;

    private ChunkBatch(IReadOnlyList<PlannedChunk> chunks)
    {
        _chunks = chunks;
        _plain = ArrayPool<byte>.Shared.Rent(chunks.Count * DiskLayout.ChunkBytes);
        _packed = ArrayPool<byte>.Shared.Rent(chunks.Count * DiskLayout.ChunkBytes);
    }

    /// <summary>Reads the chunks, neighbours at once.</summary>
    public static async Task<ChunkBatch> ReadAsync(
        IDiskSource source, IReadOnlyList<PlannedChunk> chunks, CancellationToken cancellationToken)
    {
        var batch = new ChunkBatch(chunks);
        try
        {
            for (var first = 0; first < chunks.Count;)
            {
                var past = first + 1;
                while (past < chunks.Count && chunks[past] == new PlannedChunk(chunks[first].Index + past - first, false))
                {
                    past++;
                }

                if (!chunks[first].IsZero)
                {
                    await batch.ReadAsync(source, first, past - first, cancellationToken);
                    first = past;
                }
                else
                {
                    first++;
                }
            }

            return batch;
        }
        catch
        {
            batch.Release();
            throw;
        }
    }

    /// <summary>Hashes the chunks and compresses those that the page does not have already.</summary>
    public IReadOnlyList<ChunkOutcome> Work(TreePage page, SectionCodec codec)
    {
        var outcomes = new ChunkOutcome[_chunks.Count];
        for (var number = 0; number < outcomes.Length; number++)
        {
            var index = _chunks[number].Index;
            var plain = PlainOf(number);
            outcomes[number] = _chunks[number].IsZero || plain.Span.IndexOfAnyExcept((byte)0) < 0
                ? new ChunkOutcome(index, default, page[index].IsPresent, false, default)
                : Encode(index, plain, _packed.AsMemory(number * DiskLayout.ChunkBytes, DiskLayout.ChunkBytes), page[index], codec);
        }

        return outcomes;
    }

    public static ChunkOutcome Encode(
        int index, ReadOnlyMemory<byte> plain, Memory<byte> packed, SectionRef old, SectionCodec codec)
    {
        var sum = Sha256Sum.Of(plain.Span);
        if (old.IsPresent && old.Sum == sum)
        {
            return new ChunkOutcome(index, default, false, false, sum);
        }

        return codec.Compress(plain.Span, packed.Span) is { } length
            ? new ChunkOutcome(index, packed[..length], true, true, sum)
            : new ChunkOutcome(index, plain, true, false, sum);
    }

    /// <summary>Gives the memory back: neither it nor outcomes are to be used then.</summary>
    public void Release()
    {
        ArrayPool<byte>.Shared.Return(_plain);
        ArrayPool<byte>.Shared.Return(_packed);
    }

    private Memory<byte> PlainOf(int number) =>
        _plain.AsMemory(number * DiskLayout.ChunkBytes, DiskLayout.ChunkBytes);

    private async Task ReadAsync(IDiskSource source, int first, int count, CancellationToken cancellationToken)
    {
        var buffer = _plain.AsMemory(first * DiskLayout.ChunkBytes, count * DiskLayout.ChunkBytes);
        var offset = (long)_chunks[first].Index * DiskLayout.ChunkBytes;

        // A disk may end within its last chunk, which is filled up with zeros.
        var there = (int)Math.Min(buffer.Length, source.SizeBytes - offset);
        await source.ReadAsync(offset, buffer[..there], cancellationToken);
        buffer[there..].Span.Clear();
    }
}

/// <summary>What became of a chunk.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Stored">What goes into a pack; empty where it is zero or unchanged.</param>
/// <param name="IsChanged">Whether it is other than it was.</param>
/// <param name="IsCompressed">Whether that is compressed.</param>
/// <param name="Sum">Of its plain content.</param>
internal readonly record struct ChunkOutcome(
    int Index, ReadOnlyMemory<byte> Stored, bool IsChanged, bool IsCompressed, Sha256Sum Sum);
