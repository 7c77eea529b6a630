using System.Buffers;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>
/// Gathers chunks and pages into packs and sends each pack when it is full, several at once; who appends waits when too
/// many are on their way, which bounds the memory.
/// </summary>
internal sealed class PackWriter : IAsyncDisposable
{
    /// <summary>How large packs get: large enough that requests are few, small enough to hold some in memory.</summary>
    public const int DefaultBytes = 8 << 20;

    private readonly IObjectStore _store;
    private readonly int _packBytes;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _stop;
    private readonly List<Task> _uploads = [];
    private readonly List<PackEntry> _entries = [];
    private byte[]? _open;
    private int _length;
    private Guid _id;

    public PackWriter(IObjectStore store, int packBytes, int parallel, CancellationToken cancellationToken)
    {
        _store = store;
        _packBytes = packBytes;
        _slots = new SemaphoreSlim(parallel);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Size of each pack that was closed.</summary>
    public Dictionary<Guid, uint> Closed { get; } = [];

    /// <summary>Adds a section. One call at a time.</summary>
    public async ValueTask<SectionRef> AppendAsync(
        byte level, int position, ReadOnlyMemory<byte> stored, bool isCompressed, Sha256Sum sum)
    {
        if (_open is not null && _length + stored.Length + PackIndex.BytesFor(_entries.Count + 1) > _packBytes)
        {
            await CloseAsync();
        }

        if (_open is null)
        {
            Open();
        }

        stored.CopyTo(_open.AsMemory(_length));
        _entries.Add(new PackEntry(level, position, (uint)_length, (uint)stored.Length));
        var made = new SectionRef(_id, (uint)_length, (uint)stored.Length, isCompressed, sum);
        _length += stored.Length;
        return made;
    }

    /// <summary>Sends what is left, and returns once all packs are in the store.</summary>
    public async Task FinishAsync()
    {
        if (_open is not null)
        {
            await CloseAsync();
        }

        await Task.WhenAll(_uploads);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();

        // Their faults were told by FinishAsync, or another one is on its way up.
        await Task.WhenAll(_uploads).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_open is not null)
        {
            ArrayPool<byte>.Shared.Return(_open);
        }

        _slots.Dispose();
        _stop.Dispose();
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_open))]
    private void Open()
    {
        // By chance and not by content: a pack that a sweep has chosen to delete is then never made again.
        _id = Guid.NewGuid();
        _open = ArrayPool<byte>.Shared.Rent(_packBytes);
        PackIndex.WriteHeader(_open);
        _length = PackIndex.HeaderBytes;
    }

    private async Task CloseAsync()
    {
        var bytes = PackIndex.BytesFor(_entries.Count);
        PackIndex.Write(_open.AsSpan(_length, bytes), _entries);
        _entries.Clear();
        Closed.Add(_id, (uint)(_length + bytes));
        await _slots.WaitAsync(_stop.Token);
        foreach (var done in _uploads.Where(upload => upload.IsCompleted).ToList())
        {
            // Tells of a fault early, rather than after all the rest was read.
            await done;
            _uploads.Remove(done);
        }

        var (pack, length) = (_open!, _length + bytes);
        _open = null;
        _uploads.Add(SendAsync(StoreKeys.Pack(_id), pack, length));
    }

    private async Task SendAsync(string key, byte[] pack, int length)
    {
        try
        {
            using var content = new MemoryStream(pack, 0, length, writable: false);
            await Task.Run(() => _store.PutAsync(key, content, _stop.Token), _stop.Token);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pack);
            _slots.Release();
        }
    }
}
