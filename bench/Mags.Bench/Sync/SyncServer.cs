using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mags.Contracts.Jobs;
using Mags.Contracts.Workspaces;

namespace Mags.Bench.Sync;

/// <summary>A server whose syncs are measured: by what appears in its object store, and by its log.</summary>
internal sealed partial class SyncServer : IAsyncDisposable
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    private readonly PrivateServer _server;

    private SyncServer(PrivateServer server) => _server = server;

    /// <summary>The folder that is its object store.</summary>
    public string Store => Path.Combine(_server.Home, "objects");

    private string Log => Path.Combine(_server.Home, "magsd.log");

    /// <summary>Starts it.</summary>
    /// <param name="options">Where its programs are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SyncServer> StartAsync(BenchOptions options, CancellationToken cancellationToken) =>
        new(await PrivateServer.StartAsync(options, Settings(isLive: false), stored: 0, cancellationToken));

    /// <summary>Makes a persistent workspace that has nothing in it, and has it synced.</summary>
    public async Task MakeAsync(string workspace, int diskGb, CancellationToken cancellationToken)
    {
        var job = await _server.Client.CreateJobAsync(
            Request(workspace, "echo up") with { Persistent = true, DiskGb = diskGb }, cancellationToken);
        await FirstLineAsync(job.RequestId, cancellationToken);
        _ = await _server.Client.StopJobAsync(job.RequestId, cancellationToken);
        _ = await SyncedAsync(job.RequestId, cancellationToken);
    }

    /// <summary>Runs a script in a persistent workspace and waits until what it wrote is in the store.</summary>
    public async Task<Sent> RunAsync(string workspace, string script, CancellationToken cancellationToken)
    {
        var before = Objects();
        var seen = new FileInfo(Log).Length;
        var job = await _server.Client.CreateJobAsync(Request(workspace, $"set -e; {script}"), cancellationToken);
        await foreach (var _ in _server.Client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
        }

        var began = Stopwatch.GetTimestamp();
        var state = await SyncedAsync(job.RequestId, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(began);
        if (state.Status != JobStatusNames.Completed)
        {
            throw new InvalidOperationException($"The script in {workspace} failed: {state.Error}");
        }

        var bytes = Objects().Where(item => before.GetValueOrDefault(item.Key) != item.Value).Sum(item => item.Value.Bytes);
        return new Sent(bytes, await LastAsync(Chunks(), seen, cancellationToken), elapsed);
    }

    /// <summary>Loses what the node has of all workspaces, and has one restored.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> RestoreAsync(string workspace, CancellationToken cancellationToken)
    {
        await _server.StopAsync();
        Directory.Delete(Path.Combine(_server.Home, "layers"), recursive: true);
        await _server.StartAgainAsync(cancellationToken);
        var seen = new FileInfo(Log).Length;
        _ = await RunAsync(workspace, "true", cancellationToken);
        return TimeSpan.FromMilliseconds(await LastAsync(Restored(), seen, cancellationToken));
    }

    /// <summary>Has a guest write without end while its disk is sealed each second.</summary>
    /// <returns>For how long it was held up each time, in milliseconds.</returns>
    public async Task<IReadOnlyList<double>> PauseAsync(string workspace, int count, CancellationToken cancellationToken)
    {
        await _server.StopAsync();
        await _server.ConfigureAsync(Settings(isLive: true), cancellationToken);
        await _server.StartAgainAsync(cancellationToken);
        var seen = new FileInfo(Log).Length;
        const string write = "echo up; while :; do dd if=/dev/urandom of=/root/live bs=4k count=8 conv=fsync 2>/dev/null; sleep 0.02; done";
        var job = await _server.Client.CreateJobAsync(Request(workspace, write), cancellationToken);
        await FirstLineAsync(job.RequestId, cancellationToken);
        IReadOnlyList<double> pauses;
        do
        {
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
            pauses = await AllAsync(Pauses(), seen, cancellationToken);
        }
        while (pauses.Count < count);
        _ = await _server.Client.StopJobAsync(job.RequestId, cancellationToken);
        return pauses;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static JsonObject Settings(bool isLive) => new()
    {
        ["Pool"] = new JsonObject { ["MinHot"] = 0, ["MaxHot"] = 0, ["Cold"] = 0 },
        ["Workspaces"] = new JsonObject { ["SyncSeconds"] = isLive ? 1 : 86400, ["EvictBelowMib"] = 0 },
        ["Logging"] = new JsonObject
        {
            ["LogLevel"] = new JsonObject { ["Mags.Cluster.Workspaces.LiveDisks"] = "Debug" },
        },
    };

    private static CreateJobRequest Request(string workspace, string script) => new()
    {
        Type = "inline",
        Script = script,
        WorkspaceId = workspace,
        Network = false,
        Timeout = 1200,
    };

    private async Task FirstLineAsync(string job, CancellationToken cancellationToken)
    {
        await foreach (var step in _server.Client.FollowLogsAsync(job, cancellationToken: cancellationToken))
        {
            if (step.Entry is not null)
            {
                return;
            }
        }
    }

    private async Task<JobResponse> SyncedAsync(string job, CancellationToken cancellationToken)
    {
        JobResponse state;
        while ((state = await _server.Client.GetJobAsync(job, cancellationToken)).SyncState != SyncStateNames.Synced)
        {
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }

        return state;
    }

    private Dictionary<string, (long Bytes, DateTime Written)> Objects() => Directory
        .GetFiles(Store, "*", SearchOption.AllDirectories)
        .Select(path => new FileInfo(path))
        .ToDictionary(file => file.FullName, file => (file.Length, file.LastWriteTimeUtc));

    private async Task<double> LastAsync(Regex wanted, long from, CancellationToken cancellationToken)
    {
        // The line is written a moment after what it tells of can be seen.
        while (true)
        {
            if (await AllAsync(wanted, from, cancellationToken) is [.., var last])
            {
                return last;
            }

            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<double>> AllAsync(Regex wanted, long from, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = from;
        using var reader = new StreamReader(file);
        var text = await reader.ReadToEndAsync(cancellationToken);
        return [.. wanted.Matches(text).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
    }

    [GeneratedRegex(@"is synced as snapshot \w+: (\d+) chunks")]
    private static partial Regex Chunks();

    [GeneratedRegex(@"was restored from snapshot \w+: \d+ MiB in ([\d.]+) ms")]
    private static partial Regex Restored();

    [GeneratedRegex(@"was sealed while its guest runs \(frozen: True, ([\d.]+) ms\)")]
    private static partial Regex Pauses();
}

/// <summary>What a sync sent.</summary>
/// <param name="Bytes">Bytes of all objects that it wrote.</param>
/// <param name="Chunks">How many chunks of the disk these are.</param>
/// <param name="Elapsed">From the job's end to when all of it was in the store.</param>
internal sealed record Sent(long Bytes, double Chunks, TimeSpan Elapsed);
