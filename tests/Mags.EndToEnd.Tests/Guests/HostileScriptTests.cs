using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Guests;

/// <summary>
/// A script that takes what it can: it ends truthfully, its neighbours' jobs end well beside it, and the server's memory
/// stays bounded.
/// </summary>
[Trait("Category", "Machine")]
public sealed class HostileScriptTests(HostileServer hostile) : IClassFixture<HostileServer>
{
    private const long RoomMib = 192;

    // More than that, were it kept in memory.
    private const long FloodMib = RoomMib * 3 / 2;

    private MagsApi Api => hostile.Server.Api;

    [Fact]
    public async Task ForkBomb_EndsAtItsLimit()
    {
        var job = await RunBesideAsync("bomb() { bomb | bomb & }; bomb; while :; do sleep 1; done", timeout: 10);

        // Where memory ends before processes do, the kernel may take the script itself.
        Assert.Equal("error", job.Status);
        Assert.Contains(job.ExitCode, new int?[] { 124, 137 });
    }

    [Fact]
    public async Task MemoryHog_IsKilledInItsGuest()
    {
        var job = await RunBesideAsync("echo going; exec tail /dev/zero", timeout: 200, memory: 256);

        Assert.Equal(("error", 137), (job.Status, job.ExitCode));
        Assert.Contains("used up its memory of 256 MiB", job.Error, StringComparison.Ordinal);
        Assert.Equal(["going"], job.Stdout);
    }

    [Fact]
    public async Task LogFlood_IsCutAtTheLogsLimitAndTheScriptGoesOn()
    {
        var job = await RunBesideAsync(
            $"dd if=/dev/zero bs=1M count={FloodMib} 2>/dev/null; exit 7", timeout: 290, tail: true);

        Assert.Equal(("error", 7), (job.Status, job.ExitCode));
        Assert.Equal("system", job.Lines[^1].Source);
        Assert.Contains("JobLogs:MaxBytes", job.Lines[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmptyLines_AMillion_AreKept()
    {
        var job = await RunBesideAsync("yes '' | head -n 1000000", timeout: 200, tail: true);

        Assert.Equal("completed", job.Status);
        Assert.Equal((1_000_000, "stdout", ""), (job.Lines[^1].Seq, job.Lines[^1].Source, job.Lines[^1].Message));
    }

    [Fact]
    public async Task DiskFiller_SeesThatTheDiskIsFullAndTheNextJobDoesNot()
    {
        // Most of it at once, as what a guest writes takes its time; where it ends is all that differs.
        const string fill =
            "fallocate -l 700M /root/most; dd if=/dev/zero of=/root/fill bs=1M; echo dd $?; echo x > /root/more || echo full";
        var job = await RunBesideAsync(fill, timeout: 200, disk: 1);
        var next = await Api.RunAsync("echo x > /root/more && echo room");

        Assert.Equal("completed", job.Status);
        Assert.Contains("dd 1", job.Stdout);
        Assert.Contains(job.Stderr, line => line.Contains("No space left on device", StringComparison.Ordinal));
        Assert.Equal(["room"], next.Stdout);
    }

    [Fact]
    public async Task RealTimeSpinners_OnEveryProcessor_EndAtTheLimitFromOutside()
    {
        const string spin = "echo -1 > /proc/sys/kernel/sched_rt_runtime_us; echo going; "
            + "for i in $(seq $(nproc)); do chrt -f 99 sh -c 'while :; do :; done' & done; wait";
        var job = await RunBesideAsync(spin, timeout: 5);

        Assert.Equal(("error", 124), (job.Status, job.ExitCode));
        Assert.Contains("5 s", job.Error, StringComparison.Ordinal);
        // The guest's own limit is 5 s; the host gives it as long again, and then is the one that ends it.
        Assert.InRange(job.DurationMs, 10_000, long.MaxValue);
    }

    [Fact]
    public async Task Everything_ThatCanBeStopped_Stopped_EndsAtTheLimit()
    {
        var job = await RunBesideAsync("echo going; kill -STOP -1; kill -STOP $$", timeout: 5);

        Assert.Equal(("error", 124), (job.Status, job.ExitCode));
        Assert.Equal(["going"], job.Stdout);
    }

    [Fact]
    public async Task NetworkFlood_EndsAtItsLimit()
    {
        // To where nothing leads: the rules refuse each packet, so that none leaves the host.
        const string flood = """
            import socket
            wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            print("going", flush=True)
            while True:
                try:
                    wire.sendto(bytes(60000), ("10.255.255.1", 9))
                except OSError:
                    pass
            """;
        var job = await RunBesideAsync($"exec python3 -c '{flood}'", timeout: 8);

        Assert.Equal(("error", 124), (job.Status, job.ExitCode));
        Assert.Equal(["going"], job.Stdout);
    }

    /// <summary>Runs the script, and short jobs beside it all the while; then looks at the server's memory.</summary>
    private async Task<FinishedJob> RunBesideAsync(
        string script, int timeout, int memory = 512, int disk = 2, bool tail = false)
    {
        var alone = await NeighbourAsync();
        await hostile.ResetPeakAsync();
        var id = await Api.SubmitAsync(script, body =>
        {
            (body["timeout"], body["memory_mb"], body["disk_gb"]) = (timeout, memory, disk);
        });
        var beside = new List<TimeSpan>();
        JsonObject status;
        do
        {
            beside.Add(await NeighbourAsync());
            status = await Api.StatusAsync(id);
        }
        while ((string)status["status"]! is "pending" or "running");

        var grown = await hostile.GrowthAsync();
        TestContext.Current.SendDiagnosticMessage(
            "neighbour alone {0:F0} ms, beside it median {1:F0} ms of {2}; the server's memory grew by {3} MiB in all",
            alone.TotalMilliseconds,
            beside.Order().ElementAt(beside.Count / 2).TotalMilliseconds,
            beside.Count,
            grown >> 20);
        Assert.InRange(grown >> 20, long.MinValue, RoomMib);
        Assert.False(status.ContainsKey("vm_id"));
        return new FinishedJob(status, tail ? await TailAsync(id) : await Api.LogsAsync(id));
    }

    private async Task<TimeSpan> NeighbourAsync()
    {
        var watch = Stopwatch.StartNew();
        var job = await Api.RunAsync("echo beside", body => body["memory_mb"] = 512);
        Assert.Equal(["beside"], job.Stdout);
        Assert.Equal("completed", job.Status);
        return watch.Elapsed;
    }

    /// <summary>The last lines of a log that is long.</summary>
    private async Task<IReadOnlyList<LogLine>> TailAsync(string id)
    {
        var (after, step) = (0L, 1L << 24);
        for (; step > 0; step >>= 1)
        {
            if ((await Api.LogsAsync(id, $"?after={after + step}&limit=1")).Count > 0)
            {
                after += step;
            }
        }

        return await Api.LogsAsync(id, $"?after={after}&limit=10");
    }
}
