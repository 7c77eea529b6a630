using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Guests;

/// <summary>Root in a guest may do to its own kernel what it likes; nothing hangs and the truth is told.</summary>
[Trait("Category", "Machine")]
public sealed class HostileRootTests(SharedServer shared)
{
    [Theory]
    [InlineData("kill -9 1")]
    [InlineData("kill -TERM 1")]
    [InlineData("kill -SEGV 1")]
    [InlineData("for s in HUP INT QUIT ILL ABRT BUS FPE USR1 USR2 PIPE ALRM CHLD; do kill -$s 1; done")]
    public async Task Init_Signalled_JobGoesOn(string attack)
    {
        var job = await shared.Api.RunAsync($"{attack}; sleep 1; echo alive");

        Assert.Equal(["alive"], job.Stdout);
        Assert.Equal("completed", job.Status);
    }

    /// <summary>The agent lives in the same kernel, and its port is a device that root may make a node of.</summary>
    [Fact]
    public async Task Agent_OfTheGuest_IsOutOfItsRootsReach()
    {
        const string look = """
            cat /proc/[0-9]*/comm | grep -c mags
            for port in /sys/class/virtio-ports/*; do
                mknod /tmp/port c $(tr : ' ' < $port/dev) && cat /tmp/port
            done
            ls /sys/class/virtio-ports | wc -l
            """;
        var job = await shared.Api.RunAsync(look);

        Assert.Equal(["0", "1"], job.Stdout);
        Assert.Equal(["cat: /tmp/port: Device or resource busy"], job.Stderr);
    }

    [Theory]
    [InlineData("echo b > /proc/sysrq-trigger; sleep 30", "reboot")]
    [InlineData("python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x01234567)'; sleep 30", "reboot")]
    [InlineData("python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'; sleep 30", "power")]
    public async Task Kernel_RebootedByTheScript_IsErrorThatSaysSo(string script, string word)
    {
        var job = await shared.Api.RunAsync($"echo going; sleep 1; {script}");

        Assert.Equal("error", job.Status);
        Assert.Contains(word, job.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["going"], job.Stdout);
    }

    [Fact]
    public async Task Kernel_Panics_IsError()
    {
        var job = await shared.Api.RunAsync("echo c > /proc/sysrq-trigger; sleep 30");

        Assert.Equal("error", job.Status);
        Assert.NotNull(job.Error);
    }

    [Fact]
    public async Task ProcessList_ShowsOnlyTheSandbox()
    {
        var job = await shared.Api.RunAsync("ls -d /proc/[0-9]* | wc -l; ls /dev/vport* && cat /dev/vport*");

        // Its init, the shell, and the pipeline's own processes.
        Assert.InRange(int.Parse(job.Stdout[0], System.Globalization.CultureInfo.InvariantCulture), 2, 5);
        Assert.NotEqual(0, job.ExitCode);
    }
}
