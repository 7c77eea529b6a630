using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Files;

/// <summary>
/// A file of 100 MB: its upload, and how much later than without it a job's first line comes, beside a plain copy of it
/// that is made durable; and what the server's memory has been at most.
/// </summary>
internal static class FilesBench
{
    private const int DefaultRuns = 7;
    private const int Hot = 2;
    private const int Megabytes = 100;
    private const int Megabyte = 1024 * 1024;

    public static async Task RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        await using var server = await PrivateServer.StartAsync(
            options,
            new JsonObject { ["Pool"] = new JsonObject { ["MinHot"] = Hot, ["MinUnmounted"] = 0, ["MaxHot"] = Hot, ["Cold"] = 0 } },
            stored: 0,
            cancellationToken);
        var path = Path.Combine(server.Home, "big");
        await MakeAsync(path, cancellationToken);
        var (copies, uploads, without, with) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var pid = (await server.Client.GetServerAsync(cancellationToken)).Pid;
        _ = await FirstLineAsync(server, null, cancellationToken);
        var before = PeakMb(pid);

        // In turns, as the machine's speed drifts. The first round only warms the server up.
        for (var run = -1; run < (options.Runs ?? DefaultRuns); run++)
        {
            var copy = await CopyAsync(path, cancellationToken);
            var (upload, id) = await UploadAsync(server.Client, path, cancellationToken);
            var plain = await FirstLineAsync(server, null, cancellationToken);
            var placed = await FirstLineAsync(server, id, cancellationToken);
            if (run >= 0)
            {
                copies.Add(copy);
                uploads.Add(upload);
                without.Add(plain);
                with.Add(placed);
            }
        }

        Row[] rows =
        [
            new("cp and fsync", copies), new("upload", uploads), new("job without a file", without), new("job with the file", with),
        ];
        double[] placements = [.. with.Zip(without, (late, early) => late - early)];
        Report.Print(
            options,
            [
                new Table("rows", $"a file of {Megabytes} MB", rows),
                new Table("speeds", "speed", [Speed("cp and fsync", copies), Speed("upload", uploads), Speed("placement", placements)])
                {
                    Unit = "MB/s",
                },
                new Table("memory", "the server's memory at most", [new("before", [before]), new("after", [PeakMb(pid)])])
                {
                    Unit = "MB",
                },
            ],
            [
                new Ratio("upload / cp, p50", rows[1].P50 / rows[0].P50),
                new Ratio("placement / cp, p50", new Row("", placements).P50 / rows[0].P50),
            ]);
    }

    private static Row Speed(string what, IEnumerable<double> milliseconds) =>
        new(what, [.. milliseconds.Select(time => Megabytes / (time / 1000))]);

    private static async Task MakeAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.Create(path);
        var piece = new byte[Megabyte];
        for (var i = 0; i < Megabytes; i++)
        {
            RandomNumberGenerator.Fill(piece);
            await file.WriteAsync(piece, cancellationToken);
        }
    }

    private static async Task<double> CopyAsync(string path, CancellationToken cancellationToken)
    {
        var copy = path + "-copy";
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(
            new ProcessStartInfo("dd", [$"if={path}", $"of={copy}", "bs=1M", "conv=fsync", "status=none"]))!;
        await process.WaitForExitAsync(cancellationToken);
        var time = Stopwatch.GetElapsedTime(began);
        File.Delete(copy);
        return time.TotalMilliseconds;
    }

    private static async Task<(double Time, string Id)> UploadAsync(
        MagsClient client, string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var began = Stopwatch.GetTimestamp();
        var answer = await client.UploadFileAsync(file, "big", null, cancellationToken);
        return (Stopwatch.GetElapsedTime(began).TotalMilliseconds, answer.FileId);
    }

    /// <summary>The first line's time, on a machine that waited; returns when the job has ended.</summary>
    private static async Task<double> FirstLineAsync(PrivateServer server, string? file, CancellationToken cancellationToken)
    {
        await server.WaitForHotAsync(Hot, cancellationToken);
        var request = new CreateJobRequest { Type = "inline", Script = "echo hi", FileIds = file is null ? null : [file] };
        var began = Stopwatch.GetTimestamp();
        var job = await server.Client.CreateJobAsync(request, cancellationToken);
        TimeSpan? elapsed = null;
        await foreach (var step in server.Client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
            elapsed ??= step.Entry is null ? null : Stopwatch.GetElapsedTime(began);
        }

        return elapsed?.TotalMilliseconds ?? throw new InvalidOperationException(
            $"Job {job.RequestId} printed nothing: {(await server.Client.GetJobAsync(job.RequestId, cancellationToken)).Error}");
    }

    /// <summary>Most memory that a process has had at once; see proc(5).</summary>
    private static double PeakMb(int pid)
    {
        const string peak = "VmHWM:";
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(peak, StringComparison.Ordinal));
        return double.Parse(line[peak.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }
}
