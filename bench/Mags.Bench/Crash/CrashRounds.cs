using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Crash;

/// <summary>
/// Rounds of load, <c>kill -9</c> at a random moment, and a new start, after which every accepted job must have a final
/// state that is true, nothing of the dead server may be left, and the pool must be there again.
/// </summary>
internal static class CrashRounds
{
    private const int Hot = 2;
    private const int LongestMs = 4000;

    public static async Task<CrashResult> RunAsync(
        BenchOptions options, int rounds, int seed, CancellationToken cancellationToken)
    {
        var settings = new JsonObject
        {
            ["Pool"] = new JsonObject { ["MinHot"] = Hot, ["MinUnmounted"] = 0, ["MaxHot"] = Hot, ["Cold"] = 0 },
            ["UserLimits"] = new JsonObject { ["MaxLive"] = 1_000_000 },
        };
        var result = new CrashResult();
        await using var server = await PrivateServer.StartAsync(options, settings, stored: 0, cancellationToken);
        await server.WaitForHotAsync(Hot, cancellationToken);
        for (var round = 0; round < rounds; round++)
        {
            var faults = await RunOneAsync(server, Chance.SeedOf(seed, round), result, cancellationToken);
            result.Faults.AddRange(faults.Select(fault => $"round {round}: {fault}"));
        }

        return result;
    }

    /// <returns>What was not as promised.</returns>
    private static async Task<IReadOnlyList<string>> RunOneAsync(
        PrivateServer server, int seed, CrashResult result, CancellationToken cancellationToken)
    {
        var load = new CrashLoad(server.Client, seed);
        using var killed = new CancellationTokenSource();
        var submitting = load.RunAsync(killed.Token);
#pragma warning disable CA5394 // What is chosen must be the same for the same seed, and guards nothing.
        var moment = TimeSpan.FromMilliseconds(new Random(seed).Next(LongestMs));
#pragma warning restore CA5394
        await Task.Delay(moment, TimeProvider.System, cancellationToken);
        await server.KillAsync(cancellationToken);
        // A client that follows a log would wait for the server's return.
        await killed.CancelAsync();
        await submitting;

        var began = Stopwatch.GetTimestamp();
        await server.StartAgainAsync(cancellationToken);
        result.StartMs.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        var ends = await Task.WhenAll(load.Accepted.Select(job => EndOfAsync(server.Client, job, cancellationToken)));
        await server.WaitForHotAsync(Hot, cancellationToken);
        result.PoolMs.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        result.Accepted.Add(ends.Length);
        result.Completed.Add(ends.Count(end => end.IsComplete));
        return [.. ends.SelectMany(end => end.Faults), .. await new Leftovers(server.Home, Hot).FindAsync(cancellationToken)];
    }

    private static async Task<(bool IsComplete, IReadOnlyList<string> Faults)> EndOfAsync(
        MagsClient client, CrashJob job, CancellationToken cancellationToken)
    {
        var lines = new List<LogEntry>();
        JobEnd? told = null;
        await foreach (var step in client.FollowLogsAsync(job.Id, cancellationToken: cancellationToken))
        {
            told = step.End ?? told;
            if (step.Entry is { } entry)
            {
                lines.Add(entry);
            }
        }

        var state = await client.GetJobAsync(job.Id, cancellationToken);
        var faults = new List<string>();
        Expect(told is not null && told.Status == state.Status, "its log's end and its status differ");
        Expect(lines.Select(line => line.Seq).SequenceEqual(Enumerable.Range(1, lines.Count).Select(seq => (long)seq)),
            "its log's numbers have a gap");
        var script = lines.Where(line => line.Source is "stdout" or "stderr").Select(line => line.Message).ToList();
        switch (state)
        {
            case { Status: JobStatusNames.Completed } when job.IsStopped:
                break;
            case { Status: JobStatusNames.Completed }:
                Expect(job.ExitCode == 0 && state.ExitCode == 0, $"it is completed with exit code {state.ExitCode}");
                Expect(script is ["begin", .., "end"], $"it is completed, but its log has {script.Count} lines only");
                break;
            case { Status: JobStatusNames.Error, ExitCode: { } code }:
                Expect(code == job.ExitCode && code != 0, $"its exit code is {code}");
                break;
            case { Status: JobStatusNames.Error }:
                Expect(state.Error is { Length: > 0 }, "it is an error without a reason");
                break;
            default:
                Expect(false, "that is no final state");
                break;
        }

        Expect(state.CompletedAt is not null && state.VmId is null, "it has no time of its end, or a machine still");
        return (state.ExitCode == job.ExitCode, faults);

        void Expect(bool isTrue, string fault)
        {
            if (!isTrue)
            {
                faults.Add($"job {job.Id} ({job.Script}) is {state.Status}: {fault} ({state.Error})");
            }
        }
    }
}
