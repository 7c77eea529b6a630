using System.Threading.Channels;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;
using Microsoft.Extensions.Logging;

namespace Mags.Storage.Snapshots;

/// <summary>
/// One snapshot being written. The disk is read in order; batches of chunks are hashed and compressed beside each other,
/// put into packs in the disk's order again, and packs are sent beside all that.
/// </summary>
internal sealed class SnapshotRun : IAsyncDisposable
{
    private static readonly int _batchesAtOnce = Math.Clamp(Environment.ProcessorCount, 2, 8);

    private readonly SectionCodec _codec;
    private readonly SnapshotTree _tree;
    private readonly PackTable _table;
    private readonly PackWriter _packs;
    private readonly PackRewriter _rewriter;
    private readonly CancellationTokenSource _stop;
    private int _sent;
    private int _zeroed;

    public SnapshotRun(
        IObjectStore store,
        SectionCodec codec,
        SnapshotRoot? root,
        int packBytes,
        int parallel,
        ILogger log,
        CancellationToken cancellationToken)
    {
        _codec = codec;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var fetcher = new SectionFetcher(store, codec, parallel);
        _tree = new SnapshotTree(root, fetcher);
        _table = new PackTable(root);
        _packs = new PackWriter(store, packBytes, parallel, _stop.Token);
        _rewriter = new PackRewriter(store, fetcher, _tree, _table, packBytes, log);
    }

    public bool IsChanged => _tree.IsChanged;

    /// <summary>Chunks that were looked at and are as they were.</summary>
    public int Unchanged { get; private set; }

    /// <summary>Reads what changed, and sends what is not in the base.</summary>
    public async Task SendChangesAsync(IDiskSource source)
    {
        var work = Channel.CreateBounded<Task<(ChunkBatch, TreePage, IReadOnlyList<ChunkOutcome>)>>(_batchesAtOnce);
        var reading = ReadAsync(source, work.Writer);
        try
        {
            await foreach (var done in work.Reader.ReadAllAsync(_stop.Token))
            {
                var (batch, page, outcomes) = await done;
                await ApplyAsync(page, outcomes);
                batch.Release();
            }
        }
        finally
        {
            // After a fault: those at work still use the codec and the disk.
            await StopAsync(reading, work.Reader);
        }

        await reading;
    }

    /// <summary>Moves what is alive out of packs that are mostly dead.</summary>
    public Task RewritePacksAsync() => _rewriter.RunAsync(
        async (index, plain) => await SendAsync(await _tree.GetPageAsync(index / DiskLayout.ChunksOfPage, _stop.Token), index, plain),
        _stop.Token);

    /// <summary>Writes the changed pages; all of it is in the store then.</summary>
    public async Task<(IReadOnlyList<(int Position, SectionRef Ref)> Nodes, IReadOnlyList<PackUse> Packs)> FinishAsync()
    {
        await _tree.WriteAsync(AppendPageAsync, _stop.Token);
        await _packs.FinishAsync();
        return (_tree.Roots, _table.ToList(_packs.Closed));
    }

    public SnapshotResult ToResult(string id, int rootBytes) => new(
        id,
        _packs.Closed.Values.Sum(bytes => bytes) + rootBytes,
        _packs.Closed.Count + 1,
        _sent,
        Unchanged,
        _zeroed,
        _rewriter.Moved,
        _rewriter.PacksLeft);

    public async ValueTask DisposeAsync()
    {
        await _packs.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync(
        IDiskSource source, ChannelWriter<Task<(ChunkBatch, TreePage, IReadOnlyList<ChunkOutcome>)>> work)
    {
        try
        {
            Task<TreePage>? page = null;
            var position = -1;
            await foreach (var chunks in ChunkPlan.BatchesAsync(source, _stop.Token))
            {
                var wanted = chunks[0].Index / DiskLayout.ChunksOfPage;
                if (page is null || wanted != position)
                {
                    // Asked for by the first batch that needs it; the others wait for the same answer.
                    position = wanted;
                    page = _tree.GetPageAsync(position, _stop.Token);
                }

                var batch = await ChunkBatch.ReadAsync(source, chunks, _stop.Token);
                await work.WriteAsync(WorkAsync(batch, page), _stop.Token);
            }
        }
        finally
        {
            work.Complete();
        }
    }

    private async Task<(ChunkBatch, TreePage, IReadOnlyList<ChunkOutcome>)> WorkAsync(ChunkBatch batch, Task<TreePage> asked)
    {
        try
        {
            var page = await asked;
            return (batch, page, await Task.Run(() => batch.Work(page, _codec), _stop.Token));
        }
        catch
        {
            batch.Release();
            throw;
        }
    }

    private async Task StopAsync(
        Task reading, ChannelReader<Task<(ChunkBatch, TreePage, IReadOnlyList<ChunkOutcome>)>> work)
    {
        if (!work.Completion.IsCompletedSuccessfully)
        {
            await _stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (work.TryRead(out var left))
            {
                await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (left.IsCompletedSuccessfully)
                {
                    (await left).Item1.Release();
                }
            }
        }
    }

    private async Task ApplyAsync(TreePage page, IReadOnlyList<ChunkOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            if (!outcome.IsChanged)
            {
                Unchanged++;
            }
            else if (outcome.Stored.IsEmpty)
            {
                Put(page, outcome.Index, default);
                _zeroed++;
            }
            else
            {
                Put(page, outcome.Index, await AppendAsync(outcome));
                _sent++;
            }
        }
    }

    // A chunk that is moved: as if its content were new.
    private async Task SendAsync(TreePage page, int index, ReadOnlyMemory<byte> plain)
    {
        var packed = new byte[DiskLayout.ChunkBytes];
        Put(page, index, await AppendAsync(ChunkBatch.Encode(index, plain, packed, default, _codec)));
    }

    private ValueTask<SectionRef> AppendAsync(ChunkOutcome outcome) =>
        _packs.AppendAsync(DiskLayout.Chunk, outcome.Index, outcome.Stored, outcome.IsCompressed, outcome.Sum);

    private void Put(TreePage page, int index, SectionRef made)
    {
        var changed = _tree.Edit(page);
        _table.Replace(changed[index], made);
        changed[index] = made;
    }

    private async ValueTask<SectionRef> AppendPageAsync(TreePage page, SectionRef old)
    {
        var made = default(SectionRef);
        if (!page.IsEmpty)
        {
            var plain = page.ToBytes();
            var packed = new byte[plain.Length];
            var length = _codec.Compress(plain, packed);
            made = await _packs.AppendAsync(
                page.Level,
                page.Position,
                length is { } smaller ? packed.AsMemory(0, smaller) : plain,
                length is not null,
                Sha256Sum.Of(plain));
        }

        _table.Replace(old, made);
        return made;
    }
}
