using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Burst;

/// <summary>
/// Many jobs at the same moment, on a server with default settings: how long until each is accepted, has printed and has
/// ended, and all of them together. Beside it what one job costs when it is alone, which bounds what a burst can take.
/// </summary>
internal static class BurstBench
{
    private const int DefaultJobs = 100;
    private const int Alone = 10;

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _settle = TimeSpan.FromMinutes(2);

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var jobs = options.Runs ?? DefaultJobs;
        var alone = await AloneAsync(options, cancellationToken);
        await using var server = await PrivateServer.StartAsync(options, Settings([]), stored: 0, cancellationToken);
        await server.WaitForHotAsync(2, cancellationToken);

        var began = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(
            Enumerable.Range(0, jobs).Select(_ => Task.Run(() => RunOneAsync(server.Client, cancellationToken))));
        var wall = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var left = await LeftAsync(server, cancellationToken);

        var bound = jobs * alone / Environment.ProcessorCount;
        Report.Print(
            options,
            [
                new("rows", $"{jobs} jobs at once",
                    [
                        new("until accepted (202)", [.. times.Select(job => job.Accepted)]),
                        new("until first output", [.. times.Select(job => job.Printed)]),
                        new("until ended", [.. times.Select(job => job.Ended)]),
                        new("all of them", [wall]),
                        new("processor time of a job alone", [alone]),
                        new($"{jobs} × that / {Environment.ProcessorCount} cores", [bound]),
                    ]),
                new("left", "after it", [new("machines of no job and no pool", [left])]) { Unit = "machines" },
            ],
            [new Ratio("all of them / the processor time of so many alone", wall / bound)]);
    }

    /// <summary>Processor time of the server and the machine for one job that is restored for it, in milliseconds.</summary>
    private static async Task<double> AloneAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var pool = new JsonObject { ["MinHot"] = 0, ["MaxHot"] = 0, ["Cold"] = 0 };
        await using var server = await PrivateServer.StartAsync(options, Settings(pool), stored: 0, cancellationToken);
        var pid = (await server.Client.GetServerAsync(cancellationToken)).Pid;
        await RunOneAsync(server.Client, cancellationToken);
        await MachinesGoneAsync(server, cancellationToken);
        var before = ProcessTime.Of(pid, withChildren: true);
        for (var job = 0; job < Alone; job++)
        {
            await RunOneAsync(server.Client, cancellationToken);
        }

        await MachinesGoneAsync(server, cancellationToken);
        return (ProcessTime.Of(pid, withChildren: true) - before) * 1000 / Alone;
    }

    private static async Task<Times> RunOneAsync(MagsClient client, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var request = new CreateJobRequest { Type = "inline", Script = "echo hi" };
        var job = await client.CreateJobAsync(request, cancellationToken);
        var accepted = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        double? printed = null;
        await foreach (var step in client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
            printed ??= step.Entry is null ? null : Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        var ended = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var state = await client.GetJobAsync(job.RequestId, cancellationToken);
        return state.Status == JobStatusNames.Completed && printed is { } first
            ? new Times(accepted, first, ended)
            : throw new InvalidOperationException($"Job {job.RequestId} is {state.Status}: {state.Error}");
    }

    /// <summary>How many machines there are that neither a job nor the pool has, once all is quiet.</summary>
    private static async Task<int> LeftAsync(PrivateServer server, CancellationToken cancellationToken)
    {
        // The pool fills up for a while after a burst: what it makes is in no count until it waits.
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var known = (await server.Client.GetServerAsync(cancellationToken)).Pool!;
            var left = Hypervisor.Of(server.Home).Count - known.IdleVms;
            if ((left == 0 && known.BusyVms == 0) || Stopwatch.GetElapsedTime(began) > _settle)
            {
                return left;
            }

            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    private static async Task MachinesGoneAsync(PrivateServer server, CancellationToken cancellationToken)
    {
        while (Hypervisor.Of(server.Home).Count > 0)
        {
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    private static JsonObject Settings(JsonObject pool) => new()
    {
        ["Pool"] = pool,
        ["UserLimits"] = new JsonObject { ["MaxLive"] = 1_000_000 },
    };

    private sealed record Times(double Accepted, double Printed, double Ended);
}
