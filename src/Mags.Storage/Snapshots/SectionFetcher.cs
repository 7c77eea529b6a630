using System.Buffers;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>
/// Reads chunks, pages and nodes, verified. Those that lie near each other in a pack are read with one request, and several
/// requests go at once.
/// </summary>
internal sealed class SectionFetcher
{
    private const int MaxGap = 32 << 10;
    private const int MaxRead = 4 << 20;

    private readonly IObjectStore _store;
    private readonly SectionCodec _codec;
    private readonly int _parallel;
    private long _bytesFetched;

    public SectionFetcher(IObjectStore store, SectionCodec codec, int parallel)
    {
        _store = store;
        _codec = codec;
        _parallel = parallel;
    }

    public long BytesFetched => Interlocked.Read(ref _bytesFetched);

    /// <summary>Reads one page or node.</summary>
    public async Task<TreePage> ReadPageAsync(
        byte level, int position, SectionRef section, CancellationToken cancellationToken)
    {
        TreePage? page = null;
        await FetchAsync(
            [(position, section)],
            (_, _, plain, _) =>
            {
                page = ParsePage(level, position, section, plain);
                return Task.CompletedTask;
            },
            cancellationToken);
        return page!;
    }

    /// <summary>Turns a section's plain content into the page that it has to be.</summary>
    public TreePage ParsePage(byte level, int position, SectionRef section, ReadOnlyMemory<byte> plain)
    {
        try
        {
            return TreePage.Read(level, position, plain.Span);
        }
        catch (InvalidDataException exception)
        {
            throw _store.Damaged(StoreKeys.Pack(section.Pack), $"page {position}: {exception.Message}", exception);
        }
    }

    /// <summary>Reads sections and hands each out; several at once, in no certain order.</summary>
    /// <param name="sections">What to read; positions are only handed on.</param>
    /// <param name="use">Gets the plain content, for the time of the call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task FetchAsync(
        IReadOnlyList<(int Position, SectionRef Ref)> sections,
        Func<int, SectionRef, ReadOnlyMemory<byte>, CancellationToken, Task> use,
        CancellationToken cancellationToken) => Parallel.ForEachAsync(
            Group(sections),
            new ParallelOptions { MaxDegreeOfParallelism = _parallel, CancellationToken = cancellationToken },
            async (group, token) => await ReadAsync(group, use, token));

    // Sections of one pack whose range is to be read at once.
    private static IEnumerable<ArraySegment<(int Position, SectionRef Ref)>> Group(
        IReadOnlyList<(int Position, SectionRef Ref)> sections)
    {
        var sorted = sections.ToArray();
        Array.Sort(sorted, static (one, other) => one.Ref.Pack.CompareTo(other.Ref.Pack) is var order && order != 0
            ? order
            : one.Ref.Offset.CompareTo(other.Ref.Offset));
        for (var start = 0; start < sorted.Length;)
        {
            var first = sorted[start].Ref;
            var end = start + 1;
            while (end < sorted.Length
                && sorted[end].Ref.Pack == first.Pack
                && sorted[end].Ref.Offset - sorted[end - 1].Ref.End <= MaxGap
                && sorted[end].Ref.End - first.Offset <= MaxRead)
            {
                end++;
            }

            yield return new ArraySegment<(int, SectionRef)>(sorted, start, end - start);
            start = end;
        }
    }

    private async Task ReadAsync(
        ArraySegment<(int Position, SectionRef Ref)> group,
        Func<int, SectionRef, ReadOnlyMemory<byte>, CancellationToken, Task> use,
        CancellationToken cancellationToken)
    {
        var first = group[0].Ref;
        var key = StoreKeys.Pack(first.Pack);
        var length = (int)(group[^1].Ref.End - first.Offset);
        var stored = ArrayPool<byte>.Shared.Rent(length);
        var plain = ArrayPool<byte>.Shared.Rent(DiskLayout.ChunkBytes);
        try
        {
            await _store.ReadExactlyAsync(key, first.Offset, stored.AsMemory(0, length), cancellationToken);
            Interlocked.Add(ref _bytesFetched, length);
            foreach (var (position, section) in group)
            {
                var part = stored.AsMemory((int)(section.Offset - first.Offset), (int)section.Length);
                await use(position, section, Decode(key, section, part, plain), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    private ReadOnlyMemory<byte> Decode(string key, SectionRef section, ReadOnlyMemory<byte> stored, byte[] buffer)
    {
        try
        {
            return _codec.Decode(section, stored, buffer.AsMemory(0, DiskLayout.ChunkBytes));
        }
        catch (InvalidDataException exception)
        {
            throw _store.Damaged(key, $"at {section.Offset}: {exception.Message}", exception);
        }
    }
}
