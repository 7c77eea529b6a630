using Mags.Machines.Disks;
using Mags.Machines.Native;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Machines.Tests.Disks;

/// <summary>A seal of a running machine that its QEMU takes and never answers: a real guest, and a monitor that is played.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class UnansweredSealTests(MachineFixture machines) : IAsyncLifetime
{
    private readonly FakeMonitor _monitor = new();
    private readonly WatchedTime _time = new();
    private TestLayers _layers = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _layers = await TestLayers.MakeAsync(machines);

    public async ValueTask DisposeAsync()
    {
        _layers.Dispose();
        await _monitor.DisposeAsync();
    }

    [Fact]
    public async Task SealLayer_ThatQemuNeverAnswers_EndsTheMachineAndKeepsBothLayers()
    {
        var (empty, own, next) = (await _layers.EmptyAsync(), _layers.New(), _layers.New());
        await using (var machine = await _layers.AcquireAsync([empty], own))
        {
            var (code, said) = await MachineFixture.ShellAsync(machine, "echo durable > /root/a; sync", Token);
            Assert.True(code == 0, said);
            await using var client = await _monitor.ConnectAsync(_ => { }, _time, Token);
            await using var sealer = new LayerSealer(
                machine.Id, machine.Channel, () => Kill(machine), TimeProvider.System, NullLogger.Instance);

            var sealing = sealer.SealAsync(await OpenAsync(client, empty, own), next, Token);
            await AnswerAsync("add-fd", "blockdev-add", "blockdev-add");
            Assert.Equal("blockdev-snapshot", (await _monitor.HearAsync(Token)).Name);
            await LetTimePassAsync(waiting: 1);
            foreach (var name in (string[])["blockdev-del", "blockdev-del", "remove-fd"])
            {
                Assert.Equal(name, (await _monitor.HearAsync(Token)).Name);
            }

            Assert.False(machine.Ended.IsCompleted);
            await LetTimePassAsync(waiting: 3);

            var error = await Assert.ThrowsAsync<MachineException>(() => sealing);
            Assert.Equal("QEMU did not answer the command blockdev-snapshot within 20 s.", error.Message);
            Assert.Equal(MachineExitCause.HypervisorGone, (await machine.Ended.WaitAsync(Token)).Cause);
        }

        // Whichever of the two it wrote to, what was durable is in the chain of both.
        Assert.Equal("durable\n", await _layers.ReadAsync([empty, own, next], "cat /root/a"));
    }

    private async Task<LiveDisk> OpenAsync(QmpClient client, string empty, string own)
    {
        var blank = await (await machines.GetAsync<BlankDisks>()).EnsureAsync(MachineFixture.Request.DiskGb, Token);
        using var disk = WritableDisk.From(new MachineDisk([empty], _layers.New()), blank, "");
        return new LiveDisk(
            client,
            disk,
            new DiskChain([new LayerNode(empty, 0, IsWritable: false)], new LayerNode(own, 1, IsWritable: true)));
    }

    private async Task AnswerAsync(params string[] commands)
    {
        foreach (var name in commands)
        {
            var command = await _monitor.HearAsync(Token);
            Assert.Equal(name, command.Name);
            await _monitor.SayAsync($$"""{"return": {}, "id": {{command.Id}}}""");
        }
    }

    /// <summary>Lets all of QEMU's time be over, once so many answers are waited for.</summary>
    private async Task LetTimePassAsync(int waiting)
    {
        await _time.UntilWaitingAsync(waiting, Token);
        _time.Advance(QmpClient.CommandTimeout);
    }

    private static void Kill(MicroVm machine)
    {
        using var qemu = ChildProcess.Attach(machine.Pid);
        qemu.Kill();
    }
}
