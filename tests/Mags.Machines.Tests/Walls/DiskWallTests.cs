using System.Text.Json.Nodes;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Walls;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class DiskWallTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WritableDisk_OfAMachine_IsThrottled()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal((QemuCommandLine.DiskNode, "throttle"), await TopNodeAsync(machine));
        var limits = await machine.Monitor.ExecuteAsync(
            "qom-get",
            new JsonObject { ["path"] = $"/objects/{QemuCommandLine.DiskThrottleId}", ["property"] = "limits" },
            Token);
        Assert.Equal(200L << 20, limits.GetProperty("bps-total").GetInt64());
        Assert.Equal(800L << 20, limits.GetProperty("bps-total-max").GetInt64());
        Assert.Equal(20_000, limits.GetProperty("iops-total").GetInt64());
        Assert.Equal(10, limits.GetProperty("bps-total-max-length").GetInt64());
        await AssertUsedAndAloneAsync(machine);
    }

    [Fact]
    public async Task WritableDisk_Discarded_GivesItsSpaceBackThroughTheThrottle()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        await RunAsync(machine, "write -P 1 1G 32M");
        var written = await WrittenAsync(machine);
        await RunAsync(machine, "discard 1G 32M");

        Assert.InRange(await WrittenAsync(machine), 0, written - (32 << 20));
    }

    [Fact]
    public async Task WritableDisk_ExchangedForAnother_IsThrottledAgain()
    {
        var waiting = await machines.MakeWaitingAsync(Token);
        await using var machine = await machines.ClaimAsync(waiting, MachineFixture.Request with { DiskGb = 5 }, Token);

        Assert.Equal((DiskExchange.NewNode, "throttle"), await TopNodeAsync(machine));
        await AssertUsedAndAloneAsync(machine);
    }

    // The limits are a node's when it is in their group, and then the group cannot be removed.
    private static async Task AssertUsedAndAloneAsync(MicroVm machine)
    {
        var objects = await machine.Monitor.ExecuteAsync("qom-list", new JsonObject { ["path"] = "/objects" }, Token);
        Assert.Equal(
            [QemuCommandLine.DiskThrottleId],
            objects.EnumerateArray()
                .Where(entry => entry.GetProperty("type").GetString() == "child<throttle-group>")
                .Select(entry => entry.GetProperty("name").GetString()));
        var error = await Assert.ThrowsAsync<MachineException>(() => machine.Monitor.ExecuteAsync(
            "object-del", new JsonObject { ["id"] = QemuCommandLine.DiskThrottleId }, Token));
        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
    }

    // The node that the guest's second disk hangs on, and its driver.
    private static async Task<(string Node, string Driver)> TopNodeAsync(MicroVm machine)
    {
        var disks = await machine.Monitor.ExecuteAsync("query-block", null, Token);
        var node = disks.EnumerateArray()
            .Single(disk => disk.GetProperty("qdev").GetString()!.Contains("vd1", StringComparison.Ordinal))
            .GetProperty("inserted");
        return (node.GetProperty("node-name").GetString()!, node.GetProperty("drv").GetString()!);
    }

    // As the guest's driver would ask for it.
    private static async Task RunAsync(MicroVm machine, string command)
    {
        var arguments = new JsonObject { ["command-line"] = $"qemu-io -d vd1 \"{command}\"" };
        await machine.Monitor.ExecuteAsync("human-monitor-command", arguments, Token);
    }

    private async Task<long> WrittenAsync(MicroVm machine)
    {
        var disk = Path.Combine((await machines.HomeAsync()).Machines, machine.Id, "disk.qcow2");
        using var file = File.OpenHandle(disk, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Mags.Machines.Native.SparseFile.DataRanges(file).Sum(range => range.End - range.Start);
    }
}
