using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;
using Mags.Machines.Sandboxes;

namespace Mags.Bench.Fork;

/// <summary>
/// From the submit of a job to the first line of its output: without a workspace, from bases of different sizes, as a new
/// fork of each, and in a workspace that goes on. Beside it what a container with an overlay above the largest one's data
/// takes, and a copy of its files.
/// </summary>
internal static class ForkBench
{
    private const int DefaultRuns = 10;
    private const int Hot = 2;

    // Those of the default disk that wait mounted, and one for any other.
    private const int Waiting = Hot + 1;

    private static readonly (string Name, string Label, int Mb)[] _bases =
        [("small", "10 MB", 10), ("middle", "200 MB", 200), ("large", "2 GB", 2000)];

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var runs = options.Runs ?? DefaultRuns;
        await using var server = await PrivateServer.StartAsync(
            options,
            new JsonObject { ["Pool"] = new JsonObject { ["MinHot"] = Hot, ["MinUnmounted"] = 1, ["MaxHot"] = Hot, ["Cold"] = 0 } },
            stored: 0,
            cancellationToken);
        foreach (var (name, _, mb) in _bases)
        {
            _ = await SubmitAsync(server.Client, new CreateJobRequest
            {
                Script = string.Create(
                    CultureInfo.InvariantCulture, $"dd if=/dev/urandom of=/root/data bs=1M count={mb} status=none; echo made"),
                WorkspaceId = name,
                DiskGb = 4,
                Timeout = 1200,
            }, cancellationToken);
        }

        // In turns, so that a machine whose speed drifts is as fast for one as for the other. The first round only warms
        // the server up.
        var kinds = Kinds();
        var image = Directory.GetFiles(Path.Combine(server.Home, "images"), "*.squashfs")[0];
        await using var containers = await Containers.PrepareAsync(image, Containers.OnOverlay, cancellationToken);
        if (containers.Kinds.Count > 0)
        {
            await containers.AddDataAsync(_bases[^1].Mb, cancellationToken);
        }

        var times = kinds.ToDictionary(kind => kind.Label, _ => new List<double>());
        var peers = containers.Kinds.ToDictionary(kind => kind, _ => new List<double>());
        for (var run = -1; run < runs; run++)
        {
            foreach (var (label, request) in kinds)
            {
                await server.WaitForHotAsync(Waiting, cancellationToken);
                var time = await SubmitAsync(server.Client, request(run), cancellationToken);
                if (run >= 0)
                {
                    times[label].Add(time);
                }
            }

            foreach (var (kind, taken) in peers)
            {
                await server.WaitForHotAsync(Waiting, cancellationToken);
                taken.Add(await containers.RunAsync(kind, cancellationToken));
            }
        }

        Row[] rows = [.. times.Select(kind => new Row(kind.Key, kind.Value))];
        await using var local = await LocalMachines.PrepareAsync(options, cancellationToken);
        var plain = await local.StepsAsync(runs, Readiness.Mounted, cancellationToken);
        var own = await local.WorkspaceStepsAsync(runs, cancellationToken);
        Row[] others = [.. peers.Select(kind => new Row($"{kind.Key} over {_bases[^1].Label}", kind.Value))];
        Report.Print(
            options,
            [
                new("rows", "submit → first output", rows),
                new("peers", "beside it", [.. others, .. await CopiesAsync(server.Home, runs)]),
                new("plain", "where the time of a machine goes", plain),
                new("workspace", "where it goes with a workspace", own),
            ],
            [
                new Ratio("base 2 GB / base 10 MB, p50", P50(rows, "base 2 GB") / P50(rows, "base 10 MB")),
                new Ratio("fork of 2 GB / fork of 10 MB, p50", P50(rows, "fork of 2 GB") / P50(rows, "fork of 10 MB")),
                new Ratio("base 10 MB / no workspace, p50", P50(rows, "base 10 MB") / P50(rows, "no workspace")),
                new Ratio("workspace / no workspace, p50", P50(rows, "workspace") / P50(rows, "no workspace")),
            ]);
    }

    private static IReadOnlyList<(string Label, Func<int, CreateJobRequest> Request)> Kinds() =>
    [
        ("no workspace", _ => new CreateJobRequest { Script = "echo hi" }),
        ("workspace", _ => new CreateJobRequest { Script = "echo hi", WorkspaceId = "goes-on" }),
        .. _bases.Select(disk => ($"base {disk.Label}", (Func<int, CreateJobRequest>)(
            _ => new CreateJobRequest { Script = "echo hi", BaseWorkspaceId = disk.Name }))),
        .. _bases.Select(disk => ($"fork of {disk.Label}", (Func<int, CreateJobRequest>)(run => new CreateJobRequest
        {
            Script = "echo hi",
            BaseWorkspaceId = disk.Name,
            WorkspaceId = string.Create(CultureInfo.InvariantCulture, $"{disk.Name}-{run + 1}"),
        }))),
    ];

    private static double P50(Row[] rows, string what) => rows.Single(row => row.What == what).P50;

    /// <summary>The first line's time; returns when the job has ended and its machine is gone.</summary>
    private static async Task<double> SubmitAsync(
        MagsClient client, CreateJobRequest request, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var job = await client.CreateJobAsync(request with { Type = "inline" }, cancellationToken);
        TimeSpan? elapsed = null;
        await foreach (var step in client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
            elapsed ??= step.Entry is null ? null : Stopwatch.GetElapsedTime(started);
        }

        return elapsed?.TotalMilliseconds
            ?? throw new InvalidOperationException(
                $"Job {job.RequestId} printed nothing: {(await client.GetJobAsync(job.RequestId, cancellationToken)).Error}");
    }

    /// <summary>What a fork would cost as a copy: sparse, and by reference where the file system can.</summary>
    private static async Task<IReadOnlyList<Row>> CopiesAsync(string home, int runs)
    {
        var largest = Directory.GetFiles(Path.Combine(home, "layers")).MaxBy(file => new FileInfo(file).Length)!;
        var rows = new List<Row>();
        foreach (var way in new[] { "--sparse=always", "--reflink=always" })
        {
            var times = new List<double>();
            for (var run = 0; run < Math.Min(runs, 3); run++)
            {
                var copy = Path.Combine(home, "copy");
                var began = Stopwatch.GetTimestamp();
                using var process = Process.Start(
                    new ProcessStartInfo("cp", [way, largest, copy]) { RedirectStandardError = true })!;
                await process.WaitForExitAsync();
                if (process.ExitCode == 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }

                File.Delete(copy);
            }

            if (times.Count > 0)
            {
                rows.Add(new Row($"cp {way}", times));
            }
        }

        return rows;
    }
}
