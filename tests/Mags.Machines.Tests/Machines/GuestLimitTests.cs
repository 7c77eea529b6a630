using System.Globalization;

namespace Mags.Machines.Tests.Machines;

/// <summary>Whatever runs in a sandbox, its agent keeps what it needs to answer.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class GuestLimitTests(MachineFixture machines)
{
    private const string Mount = "mkdir -p /groups && mount -t cgroup2 none /groups && cd /groups";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_BesideAForkBomb_Runs()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        // Its children wait; the shell that cannot make another ends.
        const string bomb = "mkfifo /fifo; exec 3<>/fifo; while :; do (read line <&3) & done";

        var full = await machine.RunAsync(new ProcessSpec { Arguments = ["/bin/sh", "-c", bomb] }, Token).LastAsync(Token);
        var (code, output) = await MachineFixture.ShellAsync(
            machine, $"{Mount}; cat script/pids.current script/pids.max; echo one | cat | cat", Token);

        var lines = output.Split('\n');
        Assert.Equal(2, Assert.IsType<ProcessExited>(full).ExitCode);
        Assert.Equal((0, "one"), (code, lines[2]));
        Assert.InRange(long.Parse(lines[0], CultureInfo.InvariantCulture), 500, long.Parse(lines[1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Script_ThatTakesAllMemory_IsEndedAndTheNextProcessRuns()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var modest = await machine.RunAsync(new ProcessSpec { Arguments = ["false"] }, Token).LastAsync(Token);
        var greedy = await machine.RunAsync(new ProcessSpec { Arguments = ["tail", "/dev/zero"] }, Token).LastAsync(Token);
        var (code, output) = await MachineFixture.ShellAsync(machine, "echo alive", Token);

        Assert.False(Assert.IsType<ProcessExited>(modest).RanOutOfMemory);
        var end = Assert.IsType<ProcessExited>(greedy);
        Assert.Equal((137, true), (end.ExitCode, end.RanOutOfMemory));
        Assert.Equal((0, "alive\n"), (code, output));
    }

    [Fact]
    public async Task Memory_FilledWithFiles_LeavesTheAgentItsOwn()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        const string fill = "mkdir /m; mount -t tmpfs -o size=100% none /m; dd if=/dev/zero of=/m/file bs=1M";

        _ = await MachineFixture.ShellAsync(machine, fill, Token);
        var freed = await machine.RunAsync(new ProcessSpec { Arguments = ["/bin/true"] }, Token).LastAsync(Token);

        // Nothing frees such memory, so the kernel may end this one too; but its end is told, by an agent that lives.
        Assert.IsType<ProcessExited>(freed);
        Assert.False(machine.Ended.IsCompleted);
    }

    [Theory]
    [InlineData("echo max > memory.max")]
    [InlineData("echo max > pids.max")]
    [InlineData("echo 1 > cpu.weight")]
    [InlineData("mount -t cgroup2 -o remount none /groups; echo max > memory.max")]
    public async Task Limits_OfTheSandbox_CanNotBeLiftedByItsRoot(string attack)
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var (code, output) = await MachineFixture.ShellAsync(
            machine, $"{Mount}; cat memory.max pids.max; {attack}; echo $?; cat memory.max pids.max; cat /proc/self/cgroup", Token);

        var lines = output.Split('\n');
        Assert.Equal(0, code);
        Assert.NotEqual("0", lines[2]);
        Assert.Equal(lines[0..2], lines[3..5]);
        Assert.DoesNotContain("max", lines[..2]);
        Assert.Equal("0::/script", lines[5]);
    }

    [Fact]
    public async Task Processes_OfTheSandbox_AreAllUnderItsLimits()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        const string spread = "for i in 1 2 3 4 5 6 7 8; do (sleep 100 & sleep 100 &) & done; wait";
        for (var run = 0; run < 5; run++)
        {
            _ = await MachineFixture.ShellAsync(machine, spread, Token);
        }

        var (_, output) = await MachineFixture.ShellAsync(machine, "cat /proc/[0-9]*/cgroup | sort | uniq -c | sort -n", Token);

        Assert.All(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.True(line.EndsWith("0::/script", StringComparison.Ordinal) || line.EndsWith("0::/later", StringComparison.Ordinal), output));
    }
}
