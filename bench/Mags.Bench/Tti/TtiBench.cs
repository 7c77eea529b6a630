using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Tti;

/// <summary>Time to interactive: from the submit of a job to the first line of its output at an API client.</summary>
internal static class TtiBench
{
    private const int DefaultRuns = 10;

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var runs = options.Runs ?? DefaultRuns;
        await using var local = await LocalMachines.PrepareAsync(options, cancellationToken);
        await using var containers = await Containers.PrepareAsync(local.ImagePath, cancellationToken);
        using var client = Connect(options.Home);

        // In turns, so that a machine whose speed drifts is as fast for one as for the other.
        var (onDemand, coldBoot) = (new List<double>(), new List<double>());
        var peers = containers.Kinds.ToDictionary(kind => kind, _ => new List<double>());
        await SubmitAsync(client, cancellationToken);
        for (var run = 0; run < runs; run++)
        {
            onDemand.Add(await SubmitAsync(client, cancellationToken));
            coldBoot.Add(await local.ColdBootAsync(cancellationToken));
            foreach (var (kind, times) in peers)
            {
                times.Add(await containers.RunAsync(kind, cancellationToken));
            }
        }

        var steps = await local.StepsAsync(runs, cancellationToken);
        Row[] rows =
            [new("on demand", onDemand), new("cold boot", coldBoot), .. peers.Select(peer => new Row(peer.Key, peer.Value))];
        Report.Print(
            options,
            [new("rows", "submit → first output", rows), new("steps", "where a machine's time goes", steps)],
            []);
    }

    private static MagsClient Connect(string home)
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(home, "client.json")))!;
        return new MagsClient(new MagsClientOptions { BaseUrl = (string)file["url"]!, Token = (string)file["token"]! });
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
