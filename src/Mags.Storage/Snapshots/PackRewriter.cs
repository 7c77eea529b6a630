using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;
using Microsoft.Extensions.Logging;

namespace Mags.Storage.Snapshots;

/// <summary>
/// Keeps a snapshot's packs few and full: what is alive in packs that are mostly dead, or in many small ones, is written
/// again in passing. How much is bounded, so that no sync takes long by it.
/// </summary>
internal sealed partial class PackRewriter
{
    private const long MaxMovedBytes = 64 << 20;

    // Small syncs leave small packs. So many are let be, as the snapshot's root lists all of them.
    private const int MaxSmallPacks = 64;

    // Larger than what little syncs leave, and smaller than packs that were filled.
    private readonly int _smallPackBytes;

    private readonly IObjectStore _store;
    private readonly SectionFetcher _fetcher;
    private readonly SnapshotTree _tree;
    private readonly PackTable _table;
    private readonly ILogger _log;

    public PackRewriter(
        IObjectStore store, SectionFetcher fetcher, SnapshotTree tree, PackTable table, int packBytes, ILogger log)
    {
        _smallPackBytes = packBytes / 8;
        _store = store;
        _fetcher = fetcher;
        _tree = tree;
        _table = table;
        _log = log;
    }

    // Pages of the pack that is looked through: its chunks lie mostly in the disk's order, many of a page after each other.
    private readonly Dictionary<int, TreePage> _pages = [];

    /// <summary>Chunks that were moved.</summary>
    public int Moved { get; private set; }

    /// <summary>Packs that were left for another time.</summary>
    public int PacksLeft { get; private set; }

    /// <param name="send">Puts a chunk into a new pack; one call at a time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RunAsync(Func<int, ReadOnlyMemory<byte>, Task> send, CancellationToken cancellationToken)
    {
        var chosen = Choose();
        try
        {
            var chunks = new List<(int Position, SectionRef Ref)>();
            foreach (var pack in chosen)
            {
                await ListAliveAsync(pack, chunks, cancellationToken);
            }

            using var one = new SemaphoreSlim(1);
            await _fetcher.FetchAsync(
                chunks,
                async (index, _, plain, token) =>
                {
                    await one.WaitAsync(token);
                    try
                    {
                        await send(index, plain);
                        Moved++;
                    }
                    finally
                    {
                        one.Release();
                    }
                },
                cancellationToken);
        }
        catch (ObjectStoreException exception) when (exception.Fault == ObjectStoreFault.Damaged)
        {
            // The snapshot was damaged before, and what is new in it is worth keeping all the same.
            LogDamaged(exception.Message);
        }
    }

    private List<PackUse> Choose()
    {
        var old = _table.Old.ToList();
        var small = old.Where(pack => pack.Bytes < _smallPackBytes).ToList();
        var wanted = old.Where(pack => pack.Bytes >= _smallPackBytes && pack.Alive < pack.Bytes / 2)
            .Union(small.Count > MaxSmallPacks ? small : [])
            .OrderBy(pack => pack.Alive)
            .ToList();
        var left = MaxMovedBytes;
        var chosen = wanted.TakeWhile(pack => (left -= pack.Alive) >= 0).ToList();
        PacksLeft = wanted.Count - chosen.Count;
        return chosen;
    }

    private async Task ListAliveAsync(
        PackUse pack, List<(int Position, SectionRef Ref)> chunks, CancellationToken cancellationToken)
    {
        _pages.Clear();
        foreach (var entry in await ReadIndexAsync(pack, cancellationToken))
        {
            switch (entry.Level)
            {
                case DiskLayout.Chunk:
                    var page = await GetPageAsync(entry.Position / DiskLayout.ChunksOfPage, cancellationToken);
                    if (page[entry.Position].Pack == pack.Pack && page[entry.Position].Offset == entry.Offset)
                    {
                        chunks.Add((entry.Position, page[entry.Position]));
                    }

                    break;
                case DiskLayout.Page:
                    var node = await _tree.GetNodeAsync(entry.Position / DiskLayout.PagesOfNode, cancellationToken);
                    if (node[entry.Position].Pack == pack.Pack)
                    {
                        _tree.Edit(await _tree.GetPageAsync(entry.Position, cancellationToken));
                    }

                    break;
                default:
                    if (_tree.RootOf(entry.Position).Pack == pack.Pack)
                    {
                        _tree.Touch(entry.Position);
                    }

                    break;
            }
        }
    }

    private async ValueTask<TreePage> GetPageAsync(int position, CancellationToken cancellationToken)
    {
        if (!_pages.TryGetValue(position, out var page))
        {
            page = await _tree.GetPageAsync(position, cancellationToken);
            _pages.Add(position, page);
        }

        return page;
    }

    private async Task<IReadOnlyList<PackEntry>> ReadIndexAsync(PackUse pack, CancellationToken cancellationToken)
    {
        var key = StoreKeys.Pack(pack.Pack);
        try
        {
            // Mostly enough for all of it.
            var tail = new byte[Math.Min(pack.Bytes, 8 << 10)];
            await _store.ReadExactlyAsync(key, pack.Bytes - tail.Length, tail, cancellationToken);
            var bytes = PackIndex.BytesFor(PackIndex.ReadCount(tail.AsSpan(^PackIndex.TrailerBytes..)));
            if (bytes > pack.Bytes)
            {
                throw new InvalidDataException("its index is longer than itself");
            }

            if (bytes > tail.Length)
            {
                tail = new byte[bytes];
                await _store.ReadExactlyAsync(key, pack.Bytes - bytes, tail, cancellationToken);
            }

            return PackIndex.Read(tail.AsSpan(^bytes..));
        }
        catch (InvalidDataException exception)
        {
            throw _store.Damaged(key, exception.Message, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Packs were not tidied up: {Reason}")]
    private partial void LogDamaged(string reason);
}
