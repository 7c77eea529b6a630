using Mags.Bench;
using Mags.Bench.Durability;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Servers;

/// <summary>
/// The durability benchmark's rounds: sandboxes write, and servers, hypervisors and once the whole node are lost at random
/// moments.
/// </summary>
[Trait("Category", "Machine")]
public sealed class DurabilityRoundsTests
{
    private const int Rounds = 10;

    [Fact]
    public async Task Workspaces_OfServersAndHypervisorsKilledAtAnyMoment_HaveAllThatWasAcknowledged()
    {
        var seed = Environment.TickCount;
        var options = new BenchOptions(
            "durability", Rounds, Json: false, Installation.SeedHome, Path.Combine(Installation.Root, "artifacts", "dist"));

        var result = await DurabilityRounds.RunAsync(
            options, Rounds, seed, TestContext.Current.TestOutputHelper!.WriteLine, TestContext.Current.CancellationToken);

        Assert.True(!result.Faults.Any(), $"seed {seed}: {string.Join('\n', [.. result.Rounds, .. result.Faults])}");
        Assert.True(result.Flushes > 0, "nothing was flushed in any round");
        Assert.True(result.Syncs > 0, "nothing was synced in any round");
        Assert.True(result.Forks > 0, "no fork was read in any round");
    }
}
