namespace Mags.Bench.Durability;

/// <summary>
/// Kills servers and hypervisors at random moments while sandboxes write and all that keeps their workspaces is at work:
/// nothing that was acknowledged may be lost.
/// </summary>
internal static class DurabilityBench
{
    private const int DefaultRounds = 10;

    /// <returns>Whether all was as promised.</returns>
    public static async Task<bool> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var rounds = options.Runs ?? DefaultRounds;
        var seed = options.Seed ?? Environment.TickCount;
        await Console.Error.WriteLineAsync($"bench: seed {seed}");
        var result = await DurabilityRounds.RunAsync(
            options, rounds, seed, told => Console.Error.WriteLine($"bench: {told}"), cancellationToken);
        foreach (var fault in result.Faults)
        {
            await Console.Error.WriteLineAsync($"bench: {fault}");
        }

        Report.Print(
            options,
            [
                new("rows", $"after kill -9 (seed {seed})",
                [
                    new("rounds", [rounds]),
                    new("flushes acknowledged", [result.Flushes]),
                    new("of them lost", [result.Lost.Count]),
                    new("syncs acknowledged", [result.Syncs]),
                    new("of them not in the store", [result.Unreadable.Count]),
                    new("forks read back", [result.Forks]),
                    new("file systems not clean", [result.Unclean.Count]),
                    new("orphans", [result.Orphans.Count]),
                ]) { Unit = "count" },
            ],
            []);
        return !result.Faults.Any();
    }
}
