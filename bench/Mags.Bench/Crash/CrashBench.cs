namespace Mags.Bench.Crash;

/// <summary>
/// Kills the server at random moments under load and starts it again: how long it takes to answer and to have its pool
/// back, and whatever was not as promised.
/// </summary>
internal static class CrashBench
{
    private const int DefaultRounds = 20;

    /// <returns>Whether all was as promised.</returns>
    public static async Task<bool> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var rounds = options.Runs ?? DefaultRounds;
        var seed = options.Seed ?? Environment.TickCount;
        await Console.Error.WriteLineAsync($"bench: seed {seed}");
        var result = await CrashRounds.RunAsync(options, rounds, seed, cancellationToken);
        foreach (var fault in result.Faults)
        {
            await Console.Error.WriteLineAsync($"bench: {fault}");
        }

        Report.Print(
            options,
            [
                new("rows", $"after kill -9 (seed {seed})",
                    [new("until the server answers", result.StartMs), new("until its pool waits again", result.PoolMs)]),
                new("jobs", "jobs in a round",
                    [new("accepted", result.Accepted), new("of them run to their end", result.Completed)]) { Unit = "jobs" },
                new("faults", "promises broken", [new("in all rounds", [result.Faults.Count])]) { Unit = "faults" },
            ],
            []);
        return result.Faults.Count == 0;
    }
}
