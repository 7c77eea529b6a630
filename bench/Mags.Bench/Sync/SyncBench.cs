using System.Diagnostics;
using System.Globalization;

namespace Mags.Bench.Sync;

/// <summary>
/// What the sync of a workspace sends for what was changed, how long its guest is held up by it, and how fast it is beside a
/// plain copy into the same folder. All data are incompressible.
/// </summary>
internal static class SyncBench
{
    private const int DefaultRuns = 5;
    private const int Seals = 30;
    private const int Chunk = 65536;
    private const int Mib = 1 << 20;

    // The file that is scattered over, of as many chunks.
    private const int ScatterMib = 128;
    private const int Scattered = 200;
    private const int CopyMib = 256;

    // Workspaces in which nothing is changed: by the size of the disk, and by what is in it.
    private static readonly Still[] _still = [new("small", 2, 128), new("large", 64, 128), new("full", 64, 2048)];

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var runs = options.Runs ?? DefaultRuns;
        await using var server = await SyncServer.StartAsync(options, cancellationToken);
        await server.MakeAsync("w", 8, cancellationToken);
        _ = await server.RunAsync("w", Random("scattered", ScatterMib), cancellationToken);
        foreach (var still in _still)
        {
            await server.MakeAsync(still.Name, still.DiskGb, cancellationToken);
            _ = await server.RunAsync(still.Name, Random("data", still.Mib), cancellationToken);
        }

        var (one, hundred, scattered) = (new List<double>(), new List<double>(), new List<double>());
        var unchanged = _still.ToDictionary(still => still, _ => new List<double>());
        var (copies, uploads, restores) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run < runs; run++)
        {
            one.Add((await server.RunAsync("w", Random($"one{run}", 1), cancellationToken)).Bytes * 100.0 / Mib);
            hundred.Add((await server.RunAsync("w", Random("hundred", 100), cancellationToken)).Bytes / (double)Mib);
            var sent = await server.RunAsync("w", Scatter(run), cancellationToken);
            scattered.Add(sent.Bytes * 100 / (sent.Chunks * Chunk));
            foreach (var still in _still)
            {
                unchanged[still].Add((await server.RunAsync(still.Name, "true", cancellationToken)).Bytes / 1024.0);
            }

            // In turns, as the machine's speed drifts.
            copies.Add(CopyMib / (await CopyAsync(server.Store, cancellationToken)).TotalSeconds);
            var name = $"copy{run}";
            await server.MakeAsync(name, 2, cancellationToken);
            uploads.Add(CopyMib / (await server.RunAsync(name, Random("data", CopyMib), cancellationToken)).Elapsed.TotalSeconds);
            restores.Add(CopyMib / (await server.RestoreAsync(name, cancellationToken)).TotalSeconds);
        }

        var pauses = await server.PauseAsync("w", Seals, cancellationToken);
        Row copy = new("cp and fsync", copies), upload = new("first upload", uploads), restore = new("restore", restores);
        Report.Print(
            options,
            [
                new("sent", "bytes sent / bytes changed",
                [
                    new("1 MiB, a new file", one),
                    new("100 MiB, a file replaced", hundred),
                    new($"{Scattered} x 4 KiB scattered / their chunks", scattered),
                ]) { Unit = "%" },
                new("unchanged", "a run that changes nothing",
                    [.. _still.Select(still => new Row($"{still.Mib} MiB in a disk of {still.DiskGb} GiB", unchanged[still]))])
                {
                    Unit = "KiB",
                },
                new("pauses", "a guest that writes is held up", [new("seal", pauses)]),
                new("speeds", $"{CopyMib} MiB, a folder as object store", [copy, upload, restore]) { Unit = "MiB/s" },
            ],
            [
                new Ratio("cp / first upload, p50", copy.P50 / upload.P50),
                new Ratio("cp / restore, p50", copy.P50 / restore.P50),
                new Ratio(
                    "unchanged: the largest / the smallest, p50",
                    new Row("", unchanged[_still[^1]]).P50 / new Row("", unchanged[_still[0]]).P50),
            ]);
    }

    private static string Random(string file, int mib) => string.Create(
        CultureInfo.InvariantCulture,
        $"dd if=/dev/urandom of=/root/{file} bs=1M count={mib} conv=fsync status=none");

    private static string Scatter(int seed) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        python3 - <<'EOF'
        import os, random
        chance = random.Random({seed})
        file = os.open("/root/scattered", os.O_WRONLY)
        for chunk in chance.sample(range({ScatterMib * Mib / Chunk}), {Scattered}):
            os.pwrite(file, chance.randbytes(4096), chunk * {Chunk})
        os.fsync(file)
        EOF
        """);

    private static async Task<TimeSpan> CopyAsync(string store, CancellationToken cancellationToken)
    {
        var (source, target) = (Path.Combine(store, "..", "source"), Path.Combine(store, "copy"));
        if (!File.Exists(source))
        {
            await DdAsync("/dev/urandom", source, cancellationToken);
        }

        var began = Stopwatch.GetTimestamp();
        await DdAsync(source, target, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(began);
        File.Delete(target);
        return elapsed;
    }

    private static async Task DdAsync(string from, string to, CancellationToken cancellationToken)
    {
        using var process = Process.Start(
            "dd", [$"if={from}", $"of={to}", "bs=1M", $"count={CopyMib}", "conv=fsync", "status=none", "iflag=fullblock"]);
        await process.WaitForExitAsync(cancellationToken);
    }

    private sealed record Still(string Name, int DiskGb, int Mib);
}
