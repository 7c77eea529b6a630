using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Api;

/// <summary>
/// Latencies of the API at a client: of a job's acceptance, of its status, of a list; with few and with many stored
/// jobs, and while a hundred jobs run. What is posted waits behind a job that sleeps, so that the making of machines
/// is not measured with it.
/// </summary>
internal static class ApiBench
{
    private const int Few = 10;
    private const int Many = 10_000;
    private const int Sleepers = 100;
    private const int Clients = 50;
    private const int Rounds = 10;
    private const int DefaultRuns = 200;

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var runs = options.Runs ?? DefaultRuns;
        List<Row> rows = [];
        await using (var few = await StartAsync(options, 1, Few, cancellationToken))
        await using (var many = await StartAsync(options, 1, Many, cancellationToken))
        {
            rows.AddRange(await InTurnsAsync(
                runs, [($"{Few} stored", few.Client), ($"{Many:N0} stored", many.Client)], cancellationToken));
        }

        await using (var busy = await StartAsync(options, Sleepers, Few, cancellationToken))
        {
            rows.AddRange(await InTurnsAsync(runs, [($"{Sleepers} running", busy.Client)], cancellationToken));
        }

        Report.Print(options, [new Table("rows", "the API at a client", rows)], [.. Ratios(rows)]);
    }

    private static async Task<PrivateServer> StartAsync(
        BenchOptions options, int running, int stored, CancellationToken cancellationToken)
    {
        var server = await PrivateServer.StartAsync(options, Settings(running), stored, cancellationToken);
        await server.RunSleepersAsync(running, cancellationToken);
        return server;
    }

    /// <summary>No limit but that of the jobs that run at once; what is posted beyond it waits.</summary>
    private static JsonObject Settings(int maxRunning) => new()
    {
        ["Jobs"] = new JsonObject
        {
            ["MaxRunning"] = maxRunning,
            ["MaxPending"] = 1_000_000,
            ["StopGraceSeconds"] = 0,
            ["ShutdownSeconds"] = 60,
        },
        ["UserLimits"] = new JsonObject { ["MaxLive"] = 1_000_000 },
    };

    /// <summary>Measures all servers round by round, so that a machine whose speed drifts is as fast for each.</summary>
    private static async Task<IReadOnlyList<Row>> InTurnsAsync(
        int runs, IReadOnlyList<(string What, MagsClient Client)> servers, CancellationToken cancellationToken)
    {
        (string Name, int Clients, Func<MagsClient, Task> Call)[] calls =
        [
            ("POST, 1 client", 1, client => PostAsync(client, cancellationToken)),
            ($"POST, {Clients} clients", Clients, client => PostAsync(client, cancellationToken)),
            ("status", 1, client => client.GetJobAsync("bench", cancellationToken)),
            ("list", 1, client => client.ListJobsAsync(cancellationToken: cancellationToken)),
        ];
        var times = calls.SelectMany(call => servers.Select(server => $"{call.Name}, {server.What}"))
            .ToDictionary(what => what, _ => new List<double>());

        // The first round only warms up.
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var call in calls)
            {
                foreach (var server in servers)
                {
                    var took = await MeasureAsync(
                        Math.Max(runs / Rounds, call.Clients), call.Clients, () => call.Call(server.Client));
                    if (round > 0)
                    {
                        times[$"{call.Name}, {server.What}"].AddRange(took);
                    }
                }
            }
        }

        return [.. times.Select(time => new Row(time.Key, time.Value))];
    }

    private static Task<JobAccepted> PostAsync(MagsClient client, CancellationToken cancellationToken) => client.CreateJobAsync(
        new CreateJobRequest { Type = "inline", Script = "echo hi", Name = "bench" }, cancellationToken);

    /// <summary>Has so many clients make so many calls in all, each one after the other.</summary>
    private static async Task<IReadOnlyList<double>> MeasureAsync(int calls, int clients, Func<Task> call)
    {
        var times = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            var own = new List<double>();
            for (var made = 0; made < calls / clients; made++)
            {
                var began = Stopwatch.GetTimestamp();
                await call();
                own.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            return own;
        })));
        return [.. times.SelectMany(own => own)];
    }

    private static IEnumerable<Ratio> Ratios(IReadOnlyList<Row> rows)
    {
        var many = $", {Many:N0} stored";
        foreach (var row in rows.Where(row => row.What.EndsWith(many, StringComparison.Ordinal)))
        {
            var what = row.What[..^many.Length];
            var few = rows.Single(other => other.What == $"{what}, {Few} stored");
            yield return new Ratio($"{what}: p50 with {Many:N0} stored / with {Few}", row.P50 / few.P50);
        }
    }
}
