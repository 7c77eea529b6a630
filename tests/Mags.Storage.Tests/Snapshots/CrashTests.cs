using Mags.Storage.Objects;
using Mags.Storage.Tests.Fakes;

namespace Mags.Storage.Tests.Snapshots;

public sealed class CrashTests
{
    private const int Mib = 1 << 20;

    // Small, so that there are many on little content.
    private const int PackBytes = 300_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sync_StoppedAtAnyCall_HeadNamesAWholeSnapshot()
    {
        for (var calls = 0; ; calls++)
        {
            using var bench = new Workbench(packBytes: PackBytes);
            var disk = new MemoryDisk(18 * Mib);
            disk.Write(16 * Mib, new Chance(1).Bytes(Mib));
            var first = await bench.SyncAsync(disk);
            var before = disk.Content.ToArray();
            disk.Write((16 * Mib) + 200_000, new Chance(2).Bytes(Mib));
            bench.Store.FailAfter(calls);
            var stopped = await IsStoppedAsync(() => bench.SyncAsync(disk));
            bench.Store.FailAfter(int.MaxValue);

            var head = (await bench.Heads.ReadAsync("ann", "one", Stop))!.Head.Snapshot;

            await bench.AssertSameAsync(head == first.Id ? before : disk.Content, head);
            if (!stopped)
            {
                Assert.NotEqual(first.Id, head);
                Assert.True(calls > 6);
                return;
            }

            // The next one goes on, and a sweep takes what the one that was stopped left.
            var again = await bench.SyncAsync(disk);
            await bench.AssertSameAsync(disk, again.Id);
            await bench.SweepAsync();
            bench.Time.Advance(TimeSpan.FromHours(25));
            await bench.SweepAsync();
            await StoreCheck.AssertNoOrphansAsync(bench);
        }
    }

    [Fact]
    public async Task Sweep_StoppedAtAnyCall_LeavesLiveSnapshotsWhole()
    {
        for (var calls = 0; ; calls++)
        {
            using var bench = new Workbench(packBytes: PackBytes);
            var disk = new MemoryDisk(2 * Mib);
            for (var round = 0; round < 4; round++)
            {
                disk.Write(round * 100_000, new Chance(round).Bytes(Mib));
                await bench.SyncAsync(disk);
            }

            var other = disk.Fork();
            await bench.SyncAsync(other, "two", (await bench.Heads.ReadAsync("ann", "one", Stop))!.Head.Snapshot);
            await bench.SweepAsync();
            bench.Time.Advance(TimeSpan.FromHours(25));
            bench.Store.FailAfter(calls);
            var stopped = await IsStoppedAsync(() => bench.SweepAsync("two"));
            bench.Store.FailAfter(int.MaxValue);
            await StoreCheck.AssertLiveAsync(bench);

            // Two more finish it, wherever that was.
            await bench.SweepAsync("two");
            bench.Time.Advance(TimeSpan.FromHours(25));
            await bench.SweepAsync("two");
            await StoreCheck.AssertLiveAsync(bench);
            await StoreCheck.AssertNoOrphansAsync(bench);
            if (!stopped)
            {
                return;
            }
        }
    }

    private static async Task<bool> IsStoppedAsync(Func<Task> work)
    {
        try
        {
            await work();
            return false;
        }
        catch (ObjectStoreException exception) when (exception.Fault == ObjectStoreFault.Unreachable)
        {
            return true;
        }
    }
}
