using Mags.Storage.Snapshots;
using Mags.Storage.Tests.Fakes;

namespace Mags.Storage.Tests.Snapshots;

public sealed class SnapshotTests : IDisposable
{
    private const int Mib = 1 << 20;

    private readonly Workbench _bench = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Sync_RandomChanges_EverySnapshotRestoresWhole(int seed)
    {
        var chance = new Chance(seed);
        var disk = new MemoryDisk((40 * Mib) + (4096 * seed));
        var states = new List<(string Id, byte[] Content)>();
        string? last = null;
        for (var round = 0; round < 12; round++)
        {
            for (var change = chance.Next(6); change >= 0; change--)
            {
                Change(disk, chance);
            }

            if (chance.Next(5) == 0)
            {
                disk.Grow(disk.Content.Length + (chance.Next(5) * 65536) + (chance.Next(2) * 4096));
            }

            var made = await _bench.WriteAsync(disk, last);
            disk.Seal();
            last = made.Id;
            states.Add((made.Id, [.. disk.Content]));
            await _bench.AssertCountsAsync(made.Id);
        }

        foreach (var (id, content) in states)
        {
            await _bench.AssertSameAsync(content, id);
        }
    }

    [Fact]
    public async Task Write_NothingChanged_WritesNothing()
    {
        var disk = new MemoryDisk(8 * Mib);
        disk.Write(Mib, new Chance(1).Bytes(Mib));
        var first = await _bench.WriteAsync(disk, null);
        disk.Seal();
        var puts = _bench.Store.Puts;

        // Looked at, and found to be the same; what is zero was zero.
        disk.Mark(Mib, 200_000);
        disk.Mark(4 * Mib, 200_000);
        var second = await _bench.WriteAsync(disk, first.Id);

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(0, second.BytesSent);
        Assert.Equal(puts, _bench.Store.Puts);
    }

    [Fact]
    public async Task Write_EmptyDisk_IsAPlainRoot()
    {
        var disk = new MemoryDisk(8 * Mib);

        var made = await _bench.WriteAsync(disk, null);

        await _bench.AssertSameAsync(disk, made.Id);
        Assert.Equal(1, made.ObjectsSent);
    }

    [Fact]
    public async Task Write_LittleChanged_SendsLittle()
    {
        var disk = new MemoryDisk(64 * Mib);
        disk.Write(0, new Chance(1).Bytes(64 * Mib));
        var first = await _bench.WriteAsync(disk, null);
        disk.Seal();
        disk.Write(33 * Mib, [1, 2, 3]);

        var second = await _bench.WriteAsync(disk, first.Id);

        Assert.Equal(1, second.ChunksSent);
        Assert.InRange(second.BytesSent, 65_536, 65_536 + 20_000);
        Assert.Equal(2, second.ObjectsSent);
        await _bench.AssertSameAsync(disk, second.Id);
    }

    [Fact]
    public async Task Write_BecameZero_IsAbsent()
    {
        var disk = new MemoryDisk(4 * Mib);
        disk.Write(0, new Chance(1).Bytes(2 * Mib));
        var first = await _bench.WriteAsync(disk, null);
        disk.Seal();
        disk.Clear(0, 2 * Mib);

        var second = await _bench.WriteAsync(disk, first.Id);

        Assert.Equal(32, second.ChunksZeroed);
        Assert.Equal(0, (await _bench.Reader.ReadAsync(second.Id, Stop)).StoredBytes);
        await _bench.AssertSameAsync(disk, second.Id);
    }

    [Fact]
    public async Task Write_KnownZeros_AreNotRead()
    {
        var disk = new MemoryDisk(4 * Mib);
        disk.Mark(0, 4 * Mib);

        await _bench.WriteAsync(new Joined(disk), null);

        Assert.Equal(0, disk.BytesRead);
    }

    [Fact]
    public async Task Sync_Forks_ShareWhatTheyHaveInCommon()
    {
        var disk = new MemoryDisk(16 * Mib);
        disk.Write(0, new Chance(1).Bytes(12 * Mib));
        var first = await _bench.SyncAsync(disk);
        var fork = disk.Fork();
        fork.Write(Mib, [9]);

        var forked = await _bench.SyncAsync(fork, "two", forkedFrom: first.Id);

        Assert.InRange(forked.BytesSent, 65_536, 100_000);
        await _bench.AssertSameAsync(fork, forked.Id);
        await _bench.AssertSameAsync(disk, first.Id);
        Assert.Equal(first.Id, (await _bench.Reader.ReadAsync(forked.Id, Stop)).Previous);
    }

    [Fact]
    public async Task Write_MostOfAPackIsDead_MovesTheRest()
    {
        var disk = new MemoryDisk(32 * Mib);
        disk.Write(0, new Chance(1).Bytes(16 * Mib));
        var first = await _bench.WriteAsync(disk, null);
        disk.Seal();
        disk.Write(0, new Chance(2).Bytes(5 * Mib));
        var opens = _bench.Store.Opens;

        var second = await _bench.WriteAsync(disk, first.Id);

        // The root, a node, a page, a pack's index, and what is alive in it.
        Assert.InRange(_bench.Store.Opens - opens, 5, 8);
        Assert.InRange(second.ChunksMoved, 40, 60);
        Assert.Equal(0, second.PacksLeft);
        await _bench.AssertCountsAsync(second.Id);
        await _bench.AssertSameAsync(disk, second.Id);
        Assert.All(
            (await _bench.Reader.ReadRootAsync(second.Id, Stop)).Packs.Where(pack => pack.Bytes > Mib),
            pack => Assert.True(pack.Alive >= pack.Bytes / 2));
    }

    [Fact]
    public async Task Write_ManySmallSyncs_KeepFewPacks()
    {
        var disk = new MemoryDisk(32 * Mib);
        var chance = new Chance(1);
        disk.Write(0, chance.Bytes(4 * Mib));
        var last = (await _bench.WriteAsync(disk, null)).Id;
        for (var round = 0; round < 150; round++)
        {
            disk.Seal();
            disk.Write(chance.Next(30 * Mib), chance.Bytes(5000));
            last = (await _bench.WriteAsync(disk, last)).Id;
        }

        await _bench.AssertSameAsync(disk, last);
        Assert.InRange((await _bench.Reader.ReadRootAsync(last, Stop)).Packs.Count, 1, 67);
    }

    [Fact]
    public async Task Read_Snapshot_TellsWhatItIsOf()
    {
        var disk = new MemoryDisk(4 * Mib);
        disk.Write(0, [1]);
        var made = await _bench.WriteAsync(disk, null);

        var told = await _bench.Reader.ReadAsync(made.Id, Stop);

        Assert.Equal(Workbench.Subject("one"), told.Subject);
        Assert.Equal(4 * Mib, told.SizeBytes);
        Assert.Equal(_bench.Time.GetUtcNow(), told.CreatedAt);
        Assert.Null(told.Previous);
    }

    [Fact]
    public async Task Write_DiskThatShrank_IsRefused()
    {
        var first = await _bench.WriteAsync(new MemoryDisk(4 * Mib), null);

        await Assert.ThrowsAsync<ArgumentException>(() => _bench.WriteAsync(new MemoryDisk(2 * Mib), first.Id));
    }

    [Fact]
    public async Task Write_SourceThatBreaks_EndsWithItsFault()
    {
        var disk = new MemoryDisk(64 * Mib);
        disk.Write(0, new Chance(1).Bytes(64 * Mib));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _bench.WriteAsync(new Breaking(disk, 40 * Mib), null));
    }

    private static void Change(MemoryDisk disk, Chance chance)
    {
        var offset = chance.Next(disk.Content.Length - 1);
        var length = Math.Min(1 + chance.Next(chance.Next(4) == 0 ? 6 * Mib : 100_000), disk.Content.Length - offset);
        switch (chance.Next(4))
        {
            case 0:
                disk.Clear(offset, length);
                break;
            case 1:
                disk.Mark(offset, length);
                break;
            case 2:
                // Compressible.
                var text = new byte[length];
                text.AsSpan().Fill((byte)chance.Next(256));
                disk.Write(offset, text);
                break;
            default:
                disk.Write(offset, chance.Bytes(length));
                break;
        }
    }

    /// <summary>The whole disk as one extent of zeros.</summary>
    private sealed class Joined(MemoryDisk disk) : IDiskSource
    {
        public long SizeBytes => disk.SizeBytes;

        public IAsyncEnumerable<DiskExtent> ListAsync(CancellationToken cancellationToken) =>
            new[] { new DiskExtent(0, disk.SizeBytes, true) }.ToAsyncEnumerable();

        public Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            disk.ReadAsync(offset, buffer, cancellationToken);
    }

    /// <summary>A disk that cannot be read from a place on.</summary>
    private sealed class Breaking(MemoryDisk disk, long from) : IDiskSource
    {
        public long SizeBytes => disk.SizeBytes;

        public IAsyncEnumerable<DiskExtent> ListAsync(CancellationToken cancellationToken) => disk.ListAsync(cancellationToken);

        public Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) => offset >= from
            ? throw new InvalidOperationException("the disk is broken")
            : disk.ReadAsync(offset, buffer, cancellationToken);
    }
}
