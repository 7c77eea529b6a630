using Mags.Bench;
using Mags.Bench.Crash;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Servers;

/// <summary>The crash benchmark's rounds, ten of them: a random load, <c>kill -9</c> at a random moment, a new start.</summary>
[Trait("Category", "Machine")]
public sealed class CrashRoundsTests
{
    private const int Rounds = 10;

    [Fact]
    public async Task Server_KilledTenTimesUnderLoad_EveryJobEndsTrulyNothingIsLeftAndThePoolComesBack()
    {
        var seed = Environment.TickCount;
        var options = new BenchOptions(
            "crash", Rounds, Json: false, Installation.SeedHome, Path.Combine(Installation.Root, "artifacts", "dist"));

        var result = await CrashRounds.RunAsync(options, Rounds, seed, TestContext.Current.CancellationToken);

        Assert.True(result.Faults.Count == 0, $"seed {seed}: {string.Join('\n', result.Faults)}");
        Assert.Equal(Rounds, result.PoolMs.Count);
        Assert.True(result.Accepted.Sum() > 0, "no job was accepted in any round");
    }
}
