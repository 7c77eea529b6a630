using System.Diagnostics;
using System.Globalization;
using Mags.Machines.Pool;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Mags.Machines.Tests.Machines;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Pool;

/// <summary>Machines that wait, with real guests.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class PoolTests(MachineFixture machines)
{
    private const string Identity =
        "cat /etc/hostname; hostname; cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | od -An -tx1; "
        + "grep -c mags-waiting /etc/hosts; ls -A /tmp /root | grep -v '^/' | grep -v bashrc | grep -v profile";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(Readiness.Cold))]
    [InlineData(nameof(Readiness.Rehearsed))]
    [InlineData(nameof(Readiness.Mounted))]
    public async Task ClaimAsync_WaitingMachine_IsASandboxLikeAnyOther(string readiness)
    {
        await using var first = await ClaimAsync(await WaitingAsync(Enum.Parse<Readiness>(readiness)), MachineFixture.Request);
        await using var second = await ClaimAsync(
            await WaitingAsync(Enum.Parse<Readiness>(readiness)), MachineFixture.Request with { HostName = "sandbox-two" });

        var one = (await MachineFixture.ShellAsync(first, Identity, Token)).Output.Trim().Split('\n');
        var two = (await MachineFixture.ShellAsync(second, Identity, Token)).Output.Trim().Split('\n');

        Assert.Equal(["sandbox-one", "sandbox-one"], one[..2]);
        Assert.Equal(["sandbox-two", "sandbox-two"], two[..2]);
        Assert.NotEqual(one[2], two[2]);
        Assert.NotEqual(one[3], two[3]);
        Assert.Equal(["0"], one[4..]);
    }

    [Theory]
    [InlineData(nameof(Readiness.Cold))]
    [InlineData(nameof(Readiness.Rehearsed))]
    public async Task ClaimAsync_AnotherDisk_IsAttachedInTheScratchDisksPlace(string readiness)
    {
        var waiting = await WaitingAsync(Enum.Parse<Readiness>(readiness));
        await using var machine = await ClaimAsync(waiting, MachineFixture.Request with { DiskGb = 5 });

        var (code, output) = await MachineFixture.ShellAsync(
            machine,
            "df -BG --output=size / | tail -1; dd if=/dev/urandom of=/f bs=1M count=32 status=none; sync; "
            + "md5sum /f >/sum; echo 3 >/proc/sys/vm/drop_caches; md5sum -c --status /sum",
            Token);

        Assert.Equal((0, "5G"), (code, output.Trim()));
    }

    [Fact]
    public async Task ClaimAsync_MountedMachine_NeitherConnectsNorMounts()
    {
        await using var machine = await ClaimAsync(await WaitingAsync(Readiness.Mounted), MachineFixture.Request);

        Assert.Equal(
            ["wait", "claim", "claim/reseed", "claim/clock", "claim/identity", "claim/network", "claim/files"],
            machine.Steps.Select(step => step.Name));
    }

    [Fact]
    public async Task TryTake_MachineDiedWhileItWaited_IsNotHandedOut()
    {
        await using var pool = NewPool();
        var (template, order) = await OrderAsync(pool);
        var waiting = await WaitingAsync(Readiness.Mounted);
        await pool.CompleteAsync(order, waiting);
        var changed = pool.Changed;

        waiting.Qemu.Kill();
        await changed.WaitAsync(Token);

        Assert.Equal(0, pool.Status(0).Hot);
        Assert.Null(pool.TryTake(template, MachineFixture.Request.DiskGb));
    }

    [Fact]
    public async Task Acquire_WaitingMachineDoesNotAnswer_AnotherOneIsMade()
    {
        var host = await machines.GetAsync<IMachineHost>();
        var pool = await machines.GetAsync<MachinePool>();
        var (_, order) = await OrderAsync(pool);
        var waiting = await WaitingAsync(Readiness.Mounted);
        // A process that is stopped takes commands and never answers.
        using (var stop = Process.Start("kill", ["-STOP", waiting.Qemu.Pid.ToString(CultureInfo.InvariantCulture)]))
        {
            await stop.WaitForExitAsync(Token);
        }

        await pool.CompleteAsync(order, waiting);

        await using var machine = await host.AcquireAsync(MachineFixture.Request, Token);

        Assert.NotEqual(waiting.Folder.Id, machine.Id);
        Assert.Equal("hi\n", (await MachineFixture.ShellAsync(machine, "echo hi", Token)).Output);
        Assert.False(Directory.Exists(waiting.Folder.FullPath));
    }

    [Fact]
    public async Task DisposeAsync_MachinesWait_NothingIsLeft()
    {
        var pool = NewPool();
        var (_, order) = await OrderAsync(pool);
        var waiting = await WaitingAsync(Readiness.Cold);
        await pool.CompleteAsync(order, waiting);

        await pool.DisposeAsync();

        Assert.True(waiting.Qemu.Exited.IsCompleted);
        Assert.False(Directory.Exists(waiting.Folder.FullPath));
    }

    private static MachinePool NewPool() =>
        new(Options.Create(new PoolOptions { MinHot = 1, MinUnmounted = 0, Cold = 0 }), TimeProvider.System);

    private async Task<(TemplateLease Template, PoolOrder Order)> OrderAsync(MachinePool pool)
    {
        var template = await machines.TemplateAsync(Token);
        pool.SetDefault(template);
        return (template, Assert.IsType<PoolOrder>(pool.NextOrder()));
    }

    private Task<RestoredMachine> WaitingAsync(Readiness readiness) => machines.MakeWaitingAsync(Token, readiness);

    private Task<MicroVm> ClaimAsync(RestoredMachine machine, MachineRequest request) =>
        machines.ClaimAsync(machine, request, Token);
}
