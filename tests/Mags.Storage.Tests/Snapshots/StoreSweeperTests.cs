using System.Text;
using Mags.Storage.Snapshots;
using Mags.Storage.Snapshots.Format;
using Mags.Storage.Tests.Fakes;

namespace Mags.Storage.Tests.Snapshots;

public sealed class StoreSweeperTests : IDisposable
{
    private const int Mib = 1 << 20;

    private readonly Workbench _bench = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Sweep_AmongSyncsAndForks_KeepsTheLiveAndLeavesNoOrphan(int seed)
    {
        var chance = new Chance(seed);
        var disks = new Dictionary<string, MemoryDisk>();
        var gone = new List<string>();
        for (var round = 0; round < 40; round++)
        {
            _bench.Time.Advance(TimeSpan.FromHours(chance.Next(10)));
            var names = disks.Keys.ToList();
            switch (chance.Next(6))
            {
                case 0 when names.Count < 4:
                    disks[$"w{round}"] = new MemoryDisk(8 * Mib);
                    await SyncAsync($"w{round}", null);
                    break;
                case 1 when names.Count is > 0 and < 4:
                    var from = names[chance.Next(names.Count)];
                    disks[$"w{round}"] = disks[from].Fork();
                    await SyncAsync($"w{round}", (await _bench.Heads.ReadAsync("ann", from, Stop))!.Head.Snapshot);
                    break;
                case 2 when names.Count > 1:
                    gone.Add(names[0]);
                    disks.Remove(names[0]);
                    break;
                case 3:
                    await _bench.SweepAsync([.. gone]);
                    break;
                case var _ when names.Count > 0:
                    var name = names[chance.Next(names.Count)];
                    disks[name].Write(chance.Next(6 * Mib), chance.Bytes(1 + chance.Next(2 * Mib)));
                    await SyncAsync(name, null);
                    break;
            }

            foreach (var (name, disk) in disks)
            {
                await _bench.AssertSameAsync(disk, (await _bench.Heads.ReadAsync("ann", name, Stop))!.Head.Snapshot);
            }
        }

        await _bench.SweepAsync([.. gone]);
        _bench.Time.Advance(TimeSpan.FromHours(25));
        await _bench.SweepAsync([.. gone]);
        await StoreCheck.AssertLiveAsync(_bench);
        await StoreCheck.AssertNoOrphansAsync(_bench);

        Task SyncAsync(string name, string? forkedFrom) => _bench.SyncAsync(disks[name], name, forkedFrom);
    }

    [Fact]
    public async Task Sweep_SyncInFlight_IsLeftAlone()
    {
        var disk = Filled(1);
        var made = await _bench.WriteAsync(disk, null);
        await _bench.SweepAsync();
        _bench.Time.Advance(TimeSpan.FromHours(12));

        var swept = await _bench.SweepAsync();

        Assert.Equal(0, swept.ObjectsDeleted);
        Assert.Equal(2, swept.Waiting);
        await _bench.AssertSameAsync(disk, made.Id);
    }

    [Fact]
    public async Task Sweep_NamedInTheMeantime_HasItsWholeGraceAgain()
    {
        var disk = Filled(1);
        await _bench.SyncAsync(disk);
        await _bench.SyncAsync(disk.Fork(), "two", (await HeadAsync("one")).Snapshot);
        await _bench.SweepAsync("one");
        _bench.Time.Advance(TimeSpan.FromHours(30));

        await _bench.SweepAsync("one");
        await _bench.SweepAsync("one", "two");
        _bench.Time.Advance(TimeSpan.FromHours(23));

        Assert.Equal(0, (await _bench.SweepAsync("one", "two")).ObjectsDeleted);
        _bench.Time.Advance(TimeSpan.FromHours(2));
        Assert.True((await _bench.SweepAsync("one", "two")).ObjectsDeleted >= 2);
    }

    [Fact]
    public async Task Write_LongerThanTheGrace_Fails()
    {
        var disk = Filled(1);
        _bench.Store.Written = _ => _bench.Time.Advance(TimeSpan.FromHours(13));

        var told = await Assert.ThrowsAsync<Mags.Storage.Objects.ObjectStoreException>(() => _bench.WriteAsync(disk, null));

        Assert.Contains("SweepGrace", told.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_bench.Store.Keys, key => key.StartsWith("snapshots/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sweep_HeadThatCannotBeRead_DeletesNothingThatItMayNeed()
    {
        var disk = Filled(1);
        await _bench.SyncAsync(disk);
        await _bench.SyncAsync(Filled(2), "two");
        var key = StoreKeys.Head("ann", "one");
        var head = _bench.Store[key];
        _bench.Store[key] = Encoding.UTF8.GetBytes("{");
        await _bench.SweepAsync();
        _bench.Time.Advance(TimeSpan.FromHours(25));

        var swept = await _bench.SweepAsync();

        Assert.Equal(0, swept.ObjectsDeleted);
        Assert.Contains(key, swept.Fault, StringComparison.Ordinal);
        _bench.Store[key] = head;
        await StoreCheck.AssertLiveAsync(_bench);
        Assert.Equal(0, (await _bench.SweepAsync()).ObjectsDeleted);
    }

    [Fact]
    public async Task Sweep_OtherDatabasesHeads_AreKeptWithAllTheyName()
    {
        var disk = Filled(1);
        await _bench.SyncAsync(disk);
        var made = (await HeadAsync("one")).Snapshot;
        var wish = new SweepWish { Writer = Guid.NewGuid(), IsAlive = (_, _) => Task.FromResult(false) };
        await _bench.Sweeper.SweepAsync(wish, Stop);
        _bench.Time.Advance(TimeSpan.FromHours(25));

        var swept = await _bench.Sweeper.SweepAsync(wish, Stop);

        Assert.Equal(new SweepResult(0, 0, 0, 0, null), swept);
        await _bench.AssertSameAsync(disk, made);
    }

    [Fact]
    public async Task Sweep_SnapshotThatAnotherDatabaseHoldsWithoutAHead_IsKeptAsLongAsItIsHeld()
    {
        var disk = Filled(1);
        await _bench.SyncAsync(disk);
        var forked = (await HeadAsync("one")).Snapshot;
        var before = disk.Content.ToArray();
        disk.Write(0, new Chance(9).Bytes(Mib));
        await _bench.SyncAsync(disk);
        disk.Write(0, new Chance(8).Bytes(Mib));
        await _bench.SyncAsync(disk);
        var other = Guid.NewGuid();
        SweepWish Wish(params string[] held) =>
            new() { Writer = other, IsAlive = (_, _) => Task.FromResult(true), Snapshots = held };
        await _bench.Sweeper.SweepAsync(Wish(forked), Stop);

        _ = await _bench.SweepAsync();
        _bench.Time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(0, (await _bench.SweepAsync()).ObjectsDeleted);
        await _bench.AssertSameAsync(before, forked);

        await _bench.Sweeper.SweepAsync(Wish(), Stop);
        _ = await _bench.SweepAsync();
        _bench.Time.Advance(TimeSpan.FromHours(25));
        Assert.NotEqual(0, (await _bench.SweepAsync()).ObjectsDeleted);
        await StoreCheck.AssertLiveAsync(_bench);
    }

    [Fact]
    public async Task Sweep_HeldSnapshotThatIsGone_StopsNothing()
    {
        await _bench.SyncAsync(Filled(1));
        await _bench.Sweeper.SweepAsync(
            new SweepWish
            {
                Writer = Guid.NewGuid(),
                IsAlive = (_, _) => Task.FromResult(true),
                Snapshots = [new string('e', 64)],
            },
            Stop);

        Assert.Null((await _bench.SweepAsync()).Fault);
    }

    [Fact]
    public async Task Sweep_ImagesAndFiles_GoWhenNobodyWantsThem()
    {
        await _bench.SyncAsync(Filled(1));
        var named = (await HeadAsync("one")).ImageDigest;
        var wanted = new string('b', 64);
        string[] keys = [$"images/{named}", $"images/{wanted}", $"images/{new string('c', 64)}", "files/d/1", "files/d/2", "files/e/1"];
        foreach (var key in keys)
        {
            _bench.Store[key] = [1];
        }

        var wish = new SweepWish
        {
            Writer = Workbench.Database,
            IsAlive = (_, _) => Task.FromResult(true),
            Images = [wanted],
            Prefix = "files/d/",
            Keys = _ => Task.FromResult<IReadOnlySet<string>>(new HashSet<string> { "files/d/1" }),
        };
        await _bench.Sweeper.SweepAsync(wish, Stop);
        _bench.Time.Advance(TimeSpan.FromHours(25));
        await _bench.Sweeper.SweepAsync(wish, Stop);

        Assert.Equal(
            new[] { keys[0], keys[1], keys[3], keys[5] }.Order(),
            _bench.Store.Keys.Where(key => key.StartsWith("images/", StringComparison.Ordinal)
                || key.StartsWith("files/", StringComparison.Ordinal)).Order());
    }

    private static MemoryDisk Filled(int seed)
    {
        var disk = new MemoryDisk(4 * Mib);
        disk.Write(0, new Chance(seed).Bytes(Mib));
        return disk;
    }

    private async Task<WorkspaceHead> HeadAsync(string workspace) =>
        (await _bench.Heads.ReadAsync("ann", workspace, Stop))!.Head;
}
