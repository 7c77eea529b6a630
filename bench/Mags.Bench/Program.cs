using Mags.Bench;
using Mags.Bench.Api;
using Mags.Bench.Burst;
using Mags.Bench.Crash;
using Mags.Bench.Durability;
using Mags.Bench.Files;
using Mags.Bench.Fork;
using Mags.Bench.Isolation;
using Mags.Bench.Memory;
using Mags.Bench.Sync;
using Mags.Bench.Tti;

var options = BenchOptions.Parse(args);
switch (options.Bench)
{
    case "tti":
        await TtiBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "api":
        await ApiBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "burst":
        await BurstBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "memory":
        await MemoryBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "crash":
        return await CrashBench.RunAsync(options, CancellationToken.None) ? 0 : 1;
    case "durability":
        return await DurabilityBench.RunAsync(options, CancellationToken.None) ? 0 : 1;
    case "fork":
        await ForkBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "files":
        await FilesBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "isolation":
        await IsolationBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "sync":
        await SyncBench.RunAsync(options, CancellationToken.None);
        return 0;
    default:
        await Console.Error.WriteLineAsync(
            $"bench: there is no benchmark '{options.Bench}'; there are: api, burst, crash, durability, files, fork, fuzz, isolation, memory, sync, tti");
        return 2;
}
