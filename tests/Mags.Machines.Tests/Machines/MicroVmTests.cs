using System.Globalization;

namespace Mags.Machines.Tests.Machines;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class MicroVmTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Command_TellsStartOutputAndEnd()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        var events = new List<ProcessEvent>();

        var process = new ProcessSpec { Arguments = ["/bin/sh"], Script = "echo hello; exit 3"u8.ToArray() };
        await foreach (var next in machine.RunAsync(process, Token))
        {
            events.Add(next);
        }

        Assert.Equal(3, events.Count);
        Assert.IsType<ProcessStarted>(events[0]);
        Assert.Equal("hello\n"u8, Assert.IsType<ProcessOutput>(events[1]).Data.Span);
        Assert.Equal((3, false), (((ProcessExited)events[2]).ExitCode, ((ProcessExited)events[2]).TimedOut));
        Assert.False(machine.Ended.IsCompleted);
    }

    [Fact]
    public async Task RunAsync_MuchOutput_ArrivesWhole()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var (code, output) = await MachineFixture.ShellAsync(machine, "seq 1 200000", Token);

        Assert.Equal(0, code);
        Assert.Equal(
            string.Concat(Enumerable.Range(1, 200_000).Select(i => i.ToString(CultureInfo.InvariantCulture) + "\n")), output);
    }

    [Fact]
    public async Task RunAsync_TimeLimit_EndsTheProcess()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var process = new ProcessSpec { Arguments = ["sleep", "600"], Timeout = TimeSpan.FromSeconds(1) };
        var last = await machine.RunAsync(process, Token).LastAsync(Token);

        Assert.True(Assert.IsType<ProcessExited>(last).TimedOut);
    }

    [Fact]
    public async Task RunAsync_UnknownProgram_IsAnAgentFault()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var error = await Assert.ThrowsAsync<MachineException>(
            async () => await machine.RunAsync(new ProcessSpec { Arguments = ["/no/such"] }, Token).LastAsync(Token));

        Assert.Equal(MachineFault.Agent, error.Reason);
        Assert.StartsWith("/no/such could not be run: ", error.Message, StringComparison.Ordinal);
        Assert.False(machine.Ended.IsCompleted);
    }

    [Fact]
    public async Task AcquireAsync_TwoMachines_HaveTheirOwnIdentity()
    {
        const string Command =
            "head -c 16 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/boot_id; cat /etc/hostname; hostname";
        await using var first = await machines.AcquireAsync(MachineFixture.Request, Token);
        await using var second = await machines.AcquireAsync(
            MachineFixture.Request with { HostName = "sandbox-two" }, Token);

        var one = (await MachineFixture.ShellAsync(first, Command, Token)).Output.Split('\n');
        var two = (await MachineFixture.ShellAsync(second, Command, Token)).Output.Split('\n');

        Assert.Equal(("sandbox-one", "sandbox-two"), (one[3], two[3]));
        Assert.NotEqual(one[0], two[0]);
        Assert.NotEqual(one[1], two[1]);
        Assert.NotEqual(first.Id, second.Id);
    }

    [Fact]
    public async Task AcquireAsync_Clock_IsTheHosts()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        // The first run only makes the second one quick, so that what is measured is the clock.
        await MachineFixture.ShellAsync(machine, "date +%s%N", Token);

        var before = TimeProvider.System.GetUtcNow();
        var said = (await MachineFixture.ShellAsync(machine, "date +%s%N", Token)).Output;
        var after = TimeProvider.System.GetUtcNow();

        var guest = DateTimeOffset.UnixEpoch.AddTicks(long.Parse(said.Trim(), CultureInfo.InvariantCulture) / 100);
        Assert.InRange(guest, before.AddMilliseconds(-50), after.AddMilliseconds(50));
    }

    [Fact]
    public async Task AcquireAsync_DiskSize_IsTheGuests()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request with { DiskGb = 3 }, Token);

        var (code, output) = await MachineFixture.ShellAsync(
            machine, "dd if=/dev/zero of=/big bs=1M count=64 status=none && rm /big && df -BM --output=size / | tail -1", Token);

        Assert.Equal(0, code);
        Assert.InRange(int.Parse(output.Trim().TrimEnd('M'), CultureInfo.InvariantCulture), 2900, 3072);
    }

    [Fact]
    public async Task Steps_Acquired_NameTheWay()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal(
            ["wait", "files", "qemu", "load", "cont", "connect", "claim"],
            machine.Steps.Select(step => step.Name).Where(name => !name.Contains('/', StringComparison.Ordinal)));
        Assert.Equal("tcg", machine.Accelerator);
    }

    [Fact]
    public async Task DisposeAsync_Machine_LeavesNothing()
    {
        var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        var folder = Path.Combine((await machines.HomeAsync()).Machines, machine.Id);
        Assert.True(Directory.Exists(folder));

        await machine.DisposeAsync();

        Assert.False(Directory.Exists(folder));
        Assert.False(Directory.Exists($"/proc/{machine.Pid}"));
        Assert.Equal(MachineExitCause.Disposed, (await machine.Ended).Cause);
    }

    [Theory]
    [InlineData("echo 1 > /proc/sys/kernel/sysrq; echo b > /proc/sysrq-trigger", MachineExitCause.GuestReboot)]
    [InlineData("echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger", MachineExitCause.GuestPanic)]
    [InlineData("echo 1 > /proc/sys/kernel/sysrq; echo o > /proc/sysrq-trigger; sleep 60", MachineExitCause.GuestPowerOff)]
    public async Task Ended_GuestEndsItself_TellsHow(string command, MachineExitCause cause)
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var error = await Assert.ThrowsAsync<MachineException>(
            () => MachineFixture.ShellAsync(machine, command, Token));

        var exit = await machine.Ended.WaitAsync(Token);
        Assert.Equal((cause, MachineFault.Ended, exit.Message), (exit.Cause, error.Reason, error.Message));
    }

    [Fact]
    public async Task Ended_QemuIsKilled_TellsSoToWhoRunsAProcess()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        var running = machine.RunAsync(new ProcessSpec { Arguments = ["sleep", "600"] }, Token).GetAsyncEnumerator(Token);
        Assert.True(await running.MoveNextAsync());

        using (var qemu = Mags.Machines.Native.ChildProcess.Attach(machine.Pid))
        {
            qemu.Kill();
        }

        var error = await Assert.ThrowsAsync<MachineException>(async () => await running.MoveNextAsync());
        Assert.Equal((MachineFault.Ended, "The machine's QEMU was killed by signal 9."), (error.Reason, error.Message));
        Assert.Equal(MachineExitCause.HypervisorGone, (await machine.Ended).Cause);
        await running.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(200)]
    public async Task AcquireAsync_CancelledOnTheWay_LeavesNothing(int afterMilliseconds)
    {
        var home = await machines.HomeAsync();
        await (await machines.AcquireAsync(MachineFixture.Request, Token)).DisposeAsync();
        using var cancel = new CancellationTokenSource();
        var acquiring = machines.AcquireAsync(MachineFixture.Request with { HostName = "cancelled" }, cancel.Token);

        cancel.CancelAfter(afterMilliseconds);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);

        var own = Directory.GetDirectories("/proc").Where(folder => IsMachineOf(folder, home)).ToList();
        Assert.Empty(own);
        Assert.Empty(Directory.GetDirectories(home.Machines));
    }

    [Fact]
    public async Task AcquireAsync_UnknownImage_SaysSo()
    {
        var error = await Assert.ThrowsAsync<MachineException>(
            () => machines.AcquireAsync(MachineFixture.Request with { Image = "nothing" }, Token));

        Assert.Equal(
            (MachineFault.UnknownImage, "There is no image named nothing."), (error.Reason, error.Message));
    }

    private static bool IsMachineOf(string folder, HomeFolders home)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Contains(home.Marker(""), StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
