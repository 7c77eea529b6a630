using System.Text.Json.Nodes;

namespace Mags.Bench.Memory;

/// <summary>
/// What machines cost while they do nothing: memory (PSS) of waiting ones, cold and hot, and of those whose job sleeps;
/// and the processor time of all of them.
/// </summary>
internal static class MemoryBench
{
    private const int Waiting = 4;
    private const int DefaultSleepers = 100;

    // Whatever a machine does right after its start is no part of what it costs while idle.
    private static readonly TimeSpan _settle = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _watch = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var sleepers = options.Runs ?? DefaultSleepers;
        var cold = await WaitingAsync(options, hot: 0, cold: Waiting, cancellationToken);
        var hot = await WaitingAsync(options, hot: Waiting, cold: 0, cancellationToken);
        var running = await SleepingAsync(options, sleepers, cancellationToken);
        (string What, Idle Idle)[] kinds =
        [
            ("waits, cold", cold), ("waits, hot", hot), ($"its job sleeps, {sleepers} at once", running),
        ];
        Report.Print(
            options,
            [
                new("memory", "PSS of a machine", [.. kinds.Select(kind => new Row(kind.What, kind.Idle.PssMib))])
                {
                    Unit = "MiB",
                },
                new("processor", "processor time of a machine", [.. kinds.Select(kind => new Row(kind.What, kind.Idle.CpuPercent))])
                {
                    Unit = "%",
                },
                new("total", "all of them together", [.. kinds.Select(kind => new Row(kind.What, [kind.Idle.PssMib.Sum()]))])
                {
                    Unit = "MiB",
                },
            ],
            []);
    }

    private static async Task<Idle> WaitingAsync(
        BenchOptions options, int hot, int cold, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync(options, hot, cold, cancellationToken);
        while ((await server.Client.GetServerAsync(cancellationToken)).Pool!.IdleVms < hot + cold)
        {
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }

        return await WatchAsync(server, cancellationToken);
    }

    private static async Task<Idle> SleepingAsync(BenchOptions options, int sleepers, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync(options, hot: 0, cold: 0, cancellationToken);
        await server.RunSleepersAsync(sleepers, cancellationToken);
        return await WatchAsync(server, cancellationToken);
    }

    private static Task<PrivateServer> StartAsync(
        BenchOptions options, int hot, int cold, CancellationToken cancellationToken)
    {
        var settings = new JsonObject
        {
            ["Pool"] = new JsonObject { ["MinHot"] = hot, ["MinUnmounted"] = 0, ["MaxHot"] = hot, ["Cold"] = cold },
            ["Jobs"] = new JsonObject { ["StopGraceSeconds"] = 0, ["ShutdownSeconds"] = 60 },
            ["UserLimits"] = new JsonObject { ["MaxLive"] = 1_000_000 },
        };
        return PrivateServer.StartAsync(options, settings, stored: 0, cancellationToken);
    }

    private static async Task<Idle> WatchAsync(PrivateServer server, CancellationToken cancellationToken)
    {
        await Task.Delay(_settle, TimeProvider.System, cancellationToken);
        var machines = Hypervisor.Of(server.Home);
        var before = machines.Select(machine => machine.CpuSeconds).ToList();
        await Task.Delay(_watch, TimeProvider.System, cancellationToken);
        var percent = machines.Zip(before)
            .Select(pair => (pair.First.CpuSeconds - pair.Second) / _watch.TotalSeconds * 100);
        return new Idle([.. machines.Select(machine => machine.PssMib)], [.. percent]);
    }

    private sealed record Idle(IReadOnlyList<double> PssMib, IReadOnlyList<double> CpuPercent);
}
