using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;
using Mags.Protocol;

namespace Mags.Machines.Tests.Disks;

/// <summary>Layers of running machines that are sealed and replaced, with real guests.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class LiveLayerTests(MachineFixture machines) : IAsyncLifetime
{
    // Says how often a journal was replayed.
    private const string Replays = "dmesg | grep -ic 'ext4.*recovery complete'";

    private TestLayers _layers = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _layers = await TestLayers.MakeAsync(machines);

    public ValueTask DisposeAsync()
    {
        _layers.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task SealLayer_OfARunningMachine_KeepsWhatWasWrittenUntilThen()
    {
        var chain = new List<string> { await _layers.EmptyAsync(), _layers.New(), _layers.New(), _layers.New() };
        await using (var machine = await _layers.AcquireAsync(chain[..1], chain[1]))
        {
            await SayAsync(machine, "head -c 4M /dev/urandom > /root/a; md5sum /root/a > /root/sums");
            var first = await machine.SealLayerAsync(chain[2], Token);
            Assert.True(first.IsFrozen);
            Assert.InRange(first.Pause, TimeSpan.FromTicks(1), LayerSealer.GuestLimit);
            var sealedHash = await HashAsync(chain[1]);

            await SayAsync(machine, "head -c 4M /dev/urandom > /root/b; md5sum /root/b >> /root/sums; sync");
            Assert.True((await machine.SealLayerAsync(chain[3], Token)).IsFrozen);
            await SayAsync(machine, "echo end > /root/c; rm /var/log/dpkg.log; fstrim / 2>/dev/null; sync");
            Assert.True(await machine.SealDiskAsync(Token));

            Assert.Equal(sealedHash, await HashAsync(chain[1]));
        }

        foreach (var layer in chain)
        {
            _ = await Tool.RunAsync(Tool.Find("qemu-img"), ["check", "-q", "-f", "qcow2", layer], Token);
        }

        Assert.Equal("a\nsums\n/root/a: OK\n0\n", await _layers.ReadAsync(chain[..2], $"ls /root; md5sum -c /root/sums; {Replays}"));
        Assert.Equal(
            "a\nb\nc\nsums\n/root/a: OK\n/root/b: OK\nend\n0\n",
            await _layers.ReadAsync(chain, $"ls /root; md5sum -c /root/sums; cat /root/c; {Replays}"));
    }

    [Fact]
    public async Task SealLayer_OfARunningMachine_PutsTheNewOneBelowTheLimits()
    {
        await using var machine = await _layers.AcquireAsync([await _layers.EmptyAsync()], _layers.New());

        _ = await machine.SealLayerAsync(_layers.New(), Token);

        // The throttle, the new layer, the sealed one and the lowest, each but the throttle over its file; the image.
        var nodes = await NodesAsync(machine);
        Assert.Equal(
            ["d0", "d2", "f0", "fl0", "fl2", "fl3", "l0", "l2", "l3"], nodes.Select(node => node.Name).Order(StringComparer.Ordinal));
        // QEMU has no right to write to what is sealed any more.
        Assert.Equal(["d2", "fl2", "l2"], nodes.Where(node => !node.IsReadOnly).Select(node => node.Name).Order(StringComparer.Ordinal));
        var sets = await machine.Monitor.ExecuteAsync("query-fdsets", null, Token);
        Assert.Equal([1, 16, 18, 19], sets.EnumerateArray().Select(set => set.GetProperty("fdset-id").GetInt32())
            .Where(set => set is 1 or >= 16).Order());
    }

    [Fact]
    public async Task SealLayer_ManyTimesWhileTheGuestWrites_LosesNothing()
    {
        var chain = new List<string> { await _layers.EmptyAsync(), _layers.New() };
        await using (var machine = await _layers.AcquireAsync(chain[..1], chain[1]))
        {
            var writing = MachineFixture.ShellAsync(
                machine, "for i in $(seq 60); do head -c 300K /dev/urandom > /root/f$i; md5sum /root/f$i >> /root/sums; done", Token);
            while (chain.Count < 12)
            {
                var next = _layers.New();
                _ = await machine.SealLayerAsync(next, Token);
                chain.Add(next);
            }

            Assert.Equal(0, (await writing).ExitCode);
            Assert.True(await machine.SealDiskAsync(Token));
        }

        Assert.Equal("60\n0\n", await _layers.ReadAsync(chain, $"md5sum -c /root/sums | grep -c OK; {Replays}"));
    }

    [Fact]
    public async Task SealLayer_GuestThatDoesNotAnswer_IsDoneWithoutItsHelp()
    {
        var chain = new List<string> { await _layers.EmptyAsync(), _layers.New(), _layers.New() };
        await using (var machine = await _layers.AcquireAsync(chain[..1], chain[1]))
        {
            await SayAsync(machine, "echo durable > /root/a; sync; echo lost > /root/b");
            await machine.Monitor.ExecuteAsync("stop", null, Token);

            var seal = await machine.SealLayerAsync(chain[2], Token);

            Assert.False(seal.IsFrozen);
            await machine.Monitor.ExecuteAsync("cont", null, Token);
            // It hears that nobody waits for it any more, or lets go by itself.
            await SayAsync(machine, "echo after > /root/c; sync");
            Assert.True(await machine.SealDiskAsync(Token));
        }

        Assert.Equal("durable\n1\n", await _layers.ReadAsync(chain[..2], $"cat /root/a; {Replays}"));
        Assert.Equal("durable\nlost\nafter\n0\n", await _layers.ReadAsync(chain, $"cat /root/*; {Replays}"));
    }

    [Fact]
    public async Task FreezeDisk_OfAHostThatIsGone_EndsByItself()
    {
        await using var machine = await _layers.AcquireAsync([await _layers.EmptyAsync()], _layers.New());
        _ = await machine.Channel.Client.FreezeDiskAsync(new FreezeDiskRequest(), cancellationToken: Token);

        // It can write nothing until then.
        await SayAsync(machine, "echo more > /root/a; sync");

        var thawed = await machine.Channel.Client.ThawDiskAsync(new ThawDiskRequest(), cancellationToken: Token);
        Assert.False(thawed.Held);
        Assert.InRange(thawed.FrozenUs, 1_900_000, long.MaxValue);
        Assert.True((await machine.SealLayerAsync(_layers.New(), Token)).IsFrozen);
    }

    [Fact]
    public async Task SealDisk_WhileTheDiskIsFrozen_LeavesItWhole()
    {
        var chain = new List<string> { await _layers.EmptyAsync(), _layers.New() };
        await using (var machine = await _layers.AcquireAsync(chain[..1], chain[1]))
        {
            await SayAsync(machine, "echo one > /root/a");
            _ = await machine.Channel.Client.FreezeDiskAsync(new FreezeDiskRequest(), cancellationToken: Token);

            Assert.True(await machine.SealDiskAsync(Token));
        }

        Assert.Equal("one\n0\n", await _layers.ReadAsync(chain, $"cat /root/a; {Replays}"));
    }

    [Fact]
    public async Task SealDisk_WhileALayerIsSealed_ComesAfterIt()
    {
        var chain = new List<string> { await _layers.EmptyAsync(), _layers.New(), _layers.New() };
        await using (var machine = await _layers.AcquireAsync(chain[..1], chain[1]))
        {
            await SayAsync(machine, "echo one > /root/a");
            var sealing = machine.SealLayerAsync(chain[2], Token);

            Assert.True(await machine.SealDiskAsync(Token));

            Assert.True((await sealing).IsFrozen);
            await Assert.ThrowsAsync<MachineException>(() => machine.SealLayerAsync(_layers.New(), Token));
        }

        Assert.Equal("one\n0\n", await _layers.ReadAsync(chain, $"cat /root/a; {Replays}"));
    }

    [Fact]
    public async Task SealLayer_ThatQemuRefuses_LeavesTheLayerThatThereWas()
    {
        var (empty, own, next) = (await _layers.EmptyAsync(), _layers.New(), _layers.New());
        await using (var machine = await _layers.AcquireAsync([empty], own))
        {
            // The name that the new layer would have.
            var taken = new JsonObject { ["driver"] = "null-co", ["node-name"] = "l2" };
            await machine.Monitor.ExecuteAsync("blockdev-add", taken, Token);

            var error = await Assert.ThrowsAsync<MachineException>(() => machine.SealLayerAsync(next, Token));

            Assert.Equal(MachineFault.Hypervisor, error.Reason);
            Assert.False(File.Exists(next));
            await SayAsync(machine, "echo on > /root/a");
            Assert.True((await machine.SealLayerAsync(next, Token)).IsFrozen);
            Assert.True(await machine.SealDiskAsync(Token));
        }

        Assert.Equal("on\n", await _layers.ReadAsync([empty, own], "cat /root/a"));
    }

    [Fact]
    public async Task SealLayer_WhereALayerIs_LeavesItAlone()
    {
        var (empty, own) = (await _layers.EmptyAsync(), _layers.New());
        await using var machine = await _layers.AcquireAsync([empty], own);

        await Assert.ThrowsAsync<MachineException>(() => machine.SealLayerAsync(own, Token));

        await SayAsync(machine, "echo on > /root/a; sync");
        Assert.True(await machine.SealDiskAsync(Token));
        Assert.Equal("on\n", await _layers.ReadAsync([empty, own], "cat /root/a"));
    }

    [Fact]
    public async Task SealLayer_OfAMachineThatHasEnded_SaysSo()
    {
        await using var machine = await _layers.AcquireAsync([await _layers.EmptyAsync()], _layers.New());
        var next = _layers.New();
        using (var qemu = ChildProcess.Attach(machine.Pid))
        {
            qemu.Kill();
            _ = await machine.Ended;
        }

        var error = await Assert.ThrowsAsync<MachineException>(() => machine.SealLayerAsync(next, Token));

        Assert.Equal(MachineFault.Ended, error.Reason);
        Assert.False(File.Exists(next));
    }

    [Fact]
    public async Task SealLayer_OfADiskThatIsNotKept_IsRefused()
    {
        await using var machine = await _layers.AcquireAsync([await _layers.EmptyAsync()], null);

        await Assert.ThrowsAsync<InvalidOperationException>(() => machine.SealLayerAsync(_layers.New(), Token));
    }

    [Fact]
    public async Task ReplaceLayers_WhileTheGuestWrites_ReadsTheNewOnesAlone()
    {
        var chain = new List<string> { await _layers.EmptyAsync(), _layers.New() };
        await using var machine = await _layers.AcquireAsync(chain[..1], chain[1]);
        for (var i = 0; i < 4; i++)
        {
            await SayAsync(machine, $"head -c 1M /dev/urandom > /root/{i}; md5sum /root/{i} >> /root/sums");
            var next = _layers.New();
            _ = await machine.SealLayerAsync(next, Token);
            chain.Add(next);
        }

        var merged = _layers.New();
        await MergeAsync(chain[..1], chain[1..5], merged);
        var writing = MachineFixture.ShellAsync(
            machine, "for i in $(seq 10 30); do head -c 300K /dev/urandom > /root/$i; md5sum /root/$i >> /root/sums; done", Token);

        await machine.ReplaceLayersAsync([chain[0], merged], Token);

        chain[1..5].ForEach(File.Delete);
        Assert.Equal(0, (await writing).ExitCode);
        await SayAsync(machine, "echo 3 > /proc/sys/vm/drop_caches; md5sum -c --quiet /root/sums");
        Assert.Equal(3, (await NodesAsync(machine)).Count(node => node.Name.StartsWith('l')));
        // And so on.
        var last = _layers.New();
        Assert.True((await machine.SealLayerAsync(last, Token)).IsFrozen);
        await SayAsync(machine, "rm /root/10");
        Assert.True(await machine.SealDiskAsync(Token));
        Assert.Equal("24\n0\n", await _layers.ReadAsync(
            [chain[0], merged, chain[5], last], $"md5sum -c /root/sums 2>/dev/null | grep -c OK; {Replays}"));
    }

    [Fact]
    public async Task ReplaceLayers_ByOneThatIsGone_ReadsWhatItDid()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "echo one > /root/a"));
        await using var machine = await _layers.AcquireAsync(chain, null);

        var error = await Assert.ThrowsAsync<MachineException>(
            () => machine.ReplaceLayersAsync([chain[0], _layers.New()], Token));

        Assert.Equal(MachineFault.NoDisk, error.Reason);
        Assert.Equal("one\n", (await MachineFixture.ShellAsync(machine, "cat /root/a", Token)).Output);
    }

    private async Task MergeAsync(IEnumerable<string> below, IEnumerable<string> merged, string into) =>
        await (await machines.GetAsync<LayerMerger>()).MergeAsync(
            [.. below.Select(IdOf)], [.. merged.Select(IdOf)], IdOf(into), MachineFixture.Request.DiskGb, Token);

    private static Guid IdOf(string path) => Guid.ParseExact(Path.GetFileNameWithoutExtension(path), "N");

    private static async Task SayAsync(MicroVm machine, string command)
    {
        var (code, said) = await MachineFixture.ShellAsync(machine, command, Token);
        Assert.True(code == 0, said);
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Convert.ToHexString(await SHA256.HashDataAsync(file, Token));
    }

    private static async Task<IReadOnlyList<(string Name, bool IsReadOnly)>> NodesAsync(MicroVm machine)
    {
        var nodes = await machine.Monitor.ExecuteAsync("query-named-block-nodes", null, Token);
        return [.. nodes.EnumerateArray().Select(
            node => (node.GetProperty("node-name").GetString()!, node.GetProperty("ro").GetBoolean()))];
    }
}
