using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;
using Mags.Storage.Tests.Fakes;

namespace Mags.Storage.Tests.Snapshots;

public sealed class DamageTests : IDisposable
{
    private const int Mib = 1 << 20;

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Restore_AnyFlippedBit_IsToldOrHarmless()
    {
        var disk = Filled();
        var id = (await _bench.WriteAsync(disk, null)).Id;
        var chance = new Chance(1);
        var told = 0;
        foreach (var key in _bench.Store.Keys.Order().ToList())
        {
            var whole = _bench.Store[key];
            for (var round = 0; round < 60; round++)
            {
                var broken = whole.ToArray();
                broken[chance.Next(broken.Length)] ^= (byte)(1 << chance.Next(8));
                _bench.Store[key] = broken;
                told += await IsToldAsync(id, disk, key) ? 1 : 0;
            }

            _bench.Store[key] = whole;
        }

        // What is not told of hit a pack's index, which a restore does not need.
        Assert.True(told > 100);
        await _bench.AssertSameAsync(disk, id);
    }

    [Fact]
    public async Task Restore_AnyObjectCutOff_IsToldOrHarmless()
    {
        var disk = Filled();
        var id = (await _bench.WriteAsync(disk, null)).Id;
        var chance = new Chance(1);
        foreach (var key in _bench.Store.Keys.Order().ToList())
        {
            var whole = _bench.Store[key];
            for (var round = 0; round < 40; round++)
            {
                _bench.Store[key] = whole[..chance.Next(whole.Length)];
                await IsToldAsync(id, disk, key);
            }

            _bench.Store[key] = whole[..(whole.Length / 2)];
            Assert.True(await IsToldAsync(id, disk, key));
            _bench.Store[key] = whole;
        }
    }

    [Fact]
    public async Task Restore_DroppedObject_IsNamed()
    {
        var disk = Filled();
        var id = (await _bench.WriteAsync(disk, null)).Id;
        foreach (var key in _bench.Store.Keys.ToList())
        {
            var whole = _bench.Store[key];
            await _bench.Store.DeleteAsync(key, TestContext.Current.CancellationToken);

            var told = await Assert.ThrowsAsync<ObjectStoreException>(() => _bench.RestoreAsync(id));

            Assert.Equal(ObjectStoreFault.Damaged, told.Fault);
            Assert.Contains($"`{key}` in memory is damaged (it is not there)", told.Message, StringComparison.Ordinal);
            _bench.Store[key] = whole;
        }
    }

    [Fact]
    public async Task Restore_AnotherSnapshotInItsPlace_IsTold()
    {
        var disk = Filled();
        var first = (await _bench.WriteAsync(disk, null)).Id;
        disk.Write(0, [1, 2, 3]);
        var second = (await _bench.WriteAsync(disk, first)).Id;
        _bench.Store[StoreKeys.Snapshot(first)!] = _bench.Store[StoreKeys.Snapshot(second)!];

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => _bench.RestoreAsync(first));

        Assert.Contains("another SHA-256", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_PackToTidyUpIsDamaged_SyncsAllTheSame()
    {
        var disk = new MemoryDisk(16 * Mib);
        disk.Write(0, new Chance(1).Bytes(16 * Mib));
        var first = await _bench.WriteAsync(disk, null);
        var firstPack = Assert.Single(_bench.Store.Keys, key => key.StartsWith("packs/", StringComparison.Ordinal)
            && _bench.Store[key].Length > 7 * Mib && PackIndexOf(_bench.Store[key])[0].Position == 0);
        disk.Seal();
        disk.Write(0, new Chance(2).Bytes(6 * Mib));
        _bench.Store[firstPack] = _bench.Store[firstPack][..^20];

        var second = await _bench.WriteAsync(disk, first.Id);

        Assert.Equal(0, second.ChunksMoved);
        Assert.Equal(96, second.ChunksSent);
        await _bench.AssertSameAsync(disk, second.Id);
    }

    [Fact]
    public void Read_RootOfAnotherFormat_IsRefused()
    {
        byte[] root = [.. "MAGSSNAP"u8, 2, 0, 0, 0, 0, 0, 0, 0];

        var told = Assert.Throws<InvalidDataException>(() => SnapshotRoot.Read(root));

        Assert.Contains("format 2", told.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => SnapshotRoot.Read("MAGSSNAP"u8));
        Assert.Throws<InvalidDataException>(() => SnapshotRoot.Read([.. "MAGSSNAP"u8, 1, 0, 0, 0, 255, 255, 0, 0, 1]));
    }

    private static IReadOnlyList<PackEntry> PackIndexOf(byte[] pack) => PackIndex.Read(
        pack.AsSpan(^PackIndex.BytesFor(PackIndex.ReadCount(pack.AsSpan(^PackIndex.TrailerBytes..)))..));

    private static MemoryDisk Filled()
    {
        var disk = new MemoryDisk(20 * Mib);
        disk.Write(100_000, new Chance(1).Bytes(Mib));
        disk.Write(17 * Mib, Enumerable.Repeat((byte)'x', Mib).ToArray());
        return disk;
    }

    // Whether a restore fails and names the object; one that does not fail must give the right disk.
    private async Task<bool> IsToldAsync(string id, MemoryDisk disk, string key)
    {
        try
        {
            await _bench.AssertSameAsync(disk, id);
            return false;
        }
        catch (ObjectStoreException exception)
        {
            Assert.Equal(ObjectStoreFault.Damaged, exception.Fault);
            Assert.Contains(key, exception.Message, StringComparison.Ordinal);
            return true;
        }
    }
}
