using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;
using Mags.Machines.Sandboxes;

namespace Mags.Bench.Tti;

/// <summary>Time to interactive: from the submit of a job to the first line of its output at an API client.</summary>
internal static class TtiBench
{
    private const int DefaultRuns = 10;
    private const int Hot = 2;

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var runs = options.Runs ?? DefaultRuns;
        await using var local = await LocalMachines.PrepareAsync(options, cancellationToken);
        await using var containers = await Containers.PrepareAsync(
            local.ImagePath, Containers.OnRoot, cancellationToken);
        await using var pooled = await StartAsync(options, hot: Hot, cancellationToken);
        await using var bare = await StartAsync(options, hot: 0, cancellationToken);

        // In turns, so that a machine whose speed drifts is as fast for one as for the other. The first round only
        // warms the servers up.
        var (pool, onDemand, coldBoot) = (new List<double>(), new List<double>(), new List<double>());
        var peers = containers.Kinds.ToDictionary(kind => kind, _ => new List<double>());
        await SubmitAsync(pooled.Client, cancellationToken);
        await SubmitAsync(bare.Client, cancellationToken);
        for (var run = 0; run < runs; run++)
        {
            // All of them wait again, so that none is made while another is measured.
            await pooled.WaitForHotAsync(Hot, cancellationToken);
            pool.Add(await SubmitAsync(pooled.Client, cancellationToken));
            await pooled.WaitForHotAsync(Hot, cancellationToken);
            onDemand.Add(await SubmitAsync(bare.Client, cancellationToken));
            coldBoot.Add(await local.ColdBootAsync(cancellationToken));
            foreach (var (kind, times) in peers)
            {
                times.Add(await containers.RunAsync(kind, cancellationToken));
            }
        }

        var steps = await local.StepsAsync(runs, readiness: null, cancellationToken);
        var claim = await local.StepsAsync(runs, Readiness.Mounted, cancellationToken);
        Row[] rows =
        [
            new("pool", pool), new("on demand", onDemand), new("cold boot", coldBoot),
            .. peers.Select(peer => new Row(peer.Key, peer.Value)),
        ];
        Report.Print(
            options,
            [new("rows", "submit → first output", rows), new("steps", "where a machine's time goes", steps), new("claim", "where a waiting one's goes", claim)],
            [.. rows.Skip(1).Select(row => new Ratio($"pool / {row.What}, p50", rows[0].P50 / row.P50))]);
    }

    private static Task<PrivateServer> StartAsync(BenchOptions options, int hot, CancellationToken cancellationToken)
    {
        var settings = new JsonObject
        {
            ["Pool"] = new JsonObject { ["MinHot"] = hot, ["MinUnmounted"] = 0, ["MaxHot"] = hot, ["Cold"] = 0 },
        };
        return PrivateServer.StartAsync(options, settings, stored: 0, cancellationToken);
    }

    private static async Task<double> SubmitAsync(MagsClient client, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var job = await client.CreateJobAsync(
            new CreateJobRequest { Type = "inline", Script = "echo hi" }, cancellationToken);
        TimeSpan? elapsed = null;
        await foreach (var step in client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
            elapsed ??= step.Entry is null ? null : Stopwatch.GetElapsedTime(started);
        }

        return elapsed?.TotalMilliseconds
            ?? throw new InvalidOperationException($"Job {job.RequestId} printed nothing.");
    }
}
