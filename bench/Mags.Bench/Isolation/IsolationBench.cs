using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Isolation;

/// <summary>
/// What a hostile guest costs its neighbours: time from a short job's submission to its first output, alone and beside
/// each hostile script, and of the server's answer to a status, in one run on one server.
/// </summary>
internal static class IsolationBench
{
    private const int DefaultRuns = 20;
    private const int LimitSeconds = 3600;

    private static readonly (string What, string Script)[] _hostile =
    [
        ("fork bomb", "bomb() { bomb | bomb & }; bomb; while :; do sleep 1; done"),
        ("memory hog", "while :; do tail /dev/zero; done"),
        ("log flood", "yes flood"),
        ("disk filler", "while :; do dd if=/dev/zero of=/root/fill bs=1M; done"),
        ("processor spinner", "while :; do :; done"),
        // To where the rules let nothing through.
        ("network flood", "exec bash -c 'while :; do head -c 60000 /dev/zero > /dev/udp/10.255.255.1/9; done 2>/dev/null'"),
    ];

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var runs = options.Runs ?? DefaultRuns;
        await using var server = await PrivateServer.StartAsync(options, Settings(), stored: 0, cancellationToken);
        _ = await MeasureAsync(server.Client, 3, cancellationToken);
        List<Row> jobs = [];
        List<Row> calls = [];
        List<Ratio> ratios = [];
        foreach (var (what, script) in _hostile)
        {
            // Anew each time: a host whose speed drifts is as fast for both.
            var alone = await MeasureAsync(server.Client, runs, cancellationToken);
            var beside = await BesideAsync(server.Client, script, runs, cancellationToken);
            jobs.AddRange([new Row($"alone, before the {what}", alone.Jobs), new Row($"beside the {what}", beside.Jobs)]);
            calls.AddRange([new Row($"alone, before the {what}", alone.Calls), new Row($"beside the {what}", beside.Calls)]);
            ratios.Add(new Ratio($"p50 of a job beside the {what} / alone", jobs[^1].P50 / jobs[^2].P50));
            ratios.Add(new Ratio($"MiB, the server's peak by the {what}", await PeakMibAsync(server.Client, cancellationToken)));
        }

        Report.Print(
            options, [new Table("jobs", "submission to first output", jobs), new Table("status", "GET status", calls)], ratios);
    }

    /// <summary>Machines are made on demand: a pool that fits would hide what a neighbour takes.</summary>
    private static JsonObject Settings() => new()
    {
        ["Pool"] = new JsonObject { ["MinHot"] = 0, ["MaxHot"] = 0, ["Cold"] = 0 },
        ["Jobs"] = new JsonObject { ["StopGraceSeconds"] = 0 },
    };

    private static async Task<Sample> BesideAsync(
        MagsClient client, string script, int runs, CancellationToken cancellationToken)
    {
        var hostile = await client.CreateJobAsync(RequestFor("echo up\n" + script), cancellationToken);
        _ = await FirstOutputAsync(client, hostile.RequestId, cancellationToken);
        var sample = await MeasureAsync(client, runs, cancellationToken);
        await client.StopJobAsync(hostile.RequestId, cancellationToken);
        return sample;
    }

    private static async Task<Sample> MeasureAsync(MagsClient client, int runs, CancellationToken cancellationToken)
    {
        var sample = new Sample([], []);
        for (var run = 0; run < runs; run++)
        {
            var began = Stopwatch.GetTimestamp();
            var job = await client.CreateJobAsync(RequestFor("echo beside"), cancellationToken);
            if (!await FirstOutputAsync(client, job.RequestId, cancellationToken))
            {
                throw new InvalidOperationException($"The neighbour's job {job.RequestId} said nothing.");
            }

            sample.Jobs.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            began = Stopwatch.GetTimestamp();
            _ = await client.GetJobAsync(job.RequestId, cancellationToken);
            sample.Calls.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return sample;
    }

    private static async Task<bool> FirstOutputAsync(MagsClient client, string job, CancellationToken cancellationToken)
    {
        await foreach (var step in client.FollowLogsAsync(job, cancellationToken: cancellationToken))
        {
            if (step.Entry is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static CreateJobRequest RequestFor(string script) =>
        new() { Type = "inline", Script = script, Timeout = LimitSeconds };

    private static async Task<double> PeakMibAsync(MagsClient client, CancellationToken cancellationToken)
    {
        var pid = (await client.GetServerAsync(cancellationToken)).Pid;
        var lines = await File.ReadAllLinesAsync($"/proc/{pid}/status", cancellationToken);
        var peak = lines.First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(
            peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }

    private sealed record Sample(List<double> Jobs, List<double> Calls);
}
