using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Guests;

/// <summary>Clones of one template are different machines.</summary>
[Trait("Category", "Machine")]
public sealed class IdentityTests(SharedServer shared)
{
    private const string Identity =
        "head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n'; echo; cat /proc/sys/kernel/random/boot_id; hostname; touch /root/mine; ls /root;"
        + "cat /sys/class/net/eth0/address; ip -br address show eth0 | tr -s ' '";

    [Fact]
    public async Task Machines_ThreeAtOnce_ShareNoIdentityAndSeeNothingOfEachOther()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => shared.Api.RunAsync(Identity)));

        Assert.All(jobs, job => Assert.Equal(6, job.Stdout.Count));
        for (var line = 0; line < 3; line++)
        {
            Assert.Equal(3, jobs.Select(job => job.Stdout[line]).Distinct().Count());
        }

        Assert.All(jobs, job => Assert.Equal("mine", job.Stdout[3]));
        // What is the same in all: nobody else sees it.
        Assert.All(jobs, job => Assert.Equal(jobs[0].Stdout.Skip(4), job.Stdout.Skip(4)));
        Assert.Contains("10.0.2.15/24", jobs[0].Stdout[5], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clock_OfAGuest_IsTheHostsWithinFiftyMilliseconds()
    {
        // The line's arrival bounds the guest's clock from above; what stands between is the pipe and the log, and on a busy
        // host other work: of many lines one comes through at once.
        var job = await shared.Api.RunAsync("for i in $(seq 60); do date +%s%N; sleep 0.05; done");

        var offsets = job.Lines.Select(line =>
            line.Timestamp - DateTimeOffset.UnixEpoch.AddTicks(long.Parse(line.Message, System.Globalization.CultureInfo.InvariantCulture) / 100));
        Assert.InRange(offsets.Min().TotalMilliseconds, -50, 50);
    }

    [Fact]
    public async Task Guest_IsRootInRootWithAnOwnKernel()
    {
        var job = await shared.Api.RunAsync("id -u; pwd; echo $HOME; readlink /proc/$$/exe; uname -r; cat /proc/sys/kernel/ostype; stat -f -c %T /");

        Assert.Equal(["0", "/root", "/root"], job.Stdout.Take(3));
        Assert.NotEqual(await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", TestContext.Current.CancellationToken), job.Stdout[4] + "\n");
        Assert.Equal("overlayfs", job.Stdout[6]);
    }

    [Fact]
    public async Task Alpine_FromALocalRoot_RunsWhenTheTestDataIsAtHand()
    {
        Installation.SkipWhenAbsent("alpine");

        var build = await Command.MagsAsync(shared.Home, "image", "build", "alpine", "--rootfs", Installation.AlpineRoot!);
        Assert.True(build.ExitCode == 0, build.Stderr);
        var job = await shared.Api.RunAsync("cat /etc/alpine-release; readlink /bin/sh", body => body["image"] = "alpine");

        Assert.StartsWith("3.", job.Stdout[0], StringComparison.Ordinal);
        Assert.Equal("/bin/busybox", job.Stdout[1]);
    }
}
