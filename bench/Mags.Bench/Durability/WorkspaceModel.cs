using System.Globalization;
using Mags.Client;
using Mags.Client.Errors;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Durability;

/// <summary>A workspace that guests write to, and what of it was acknowledged.</summary>
internal sealed class WorkspaceModel(string name, bool isPersistent)
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly HashSet<DateTimeOffset> _syncs = [];
    private readonly Dictionary<int, DateTimeOffset> _steps = [];
    private string? _job;

    public string Name => name;

    public bool IsPersistent => isPersistent;

    /// <summary>How many steps a guest said to have flushed.</summary>
    public int Flushes { get; private set; }

    /// <summary>How many syncs the server has told of.</summary>
    public int Syncs
    {
        get
        {
            lock (_lock)
            {
                return _syncs.Count;
            }
        }
    }

    /// <summary>The newest step that was acknowledged.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_lock)
            {
                return _steps.Keys.DefaultIfEmpty().Max();
            }
        }
    }

    /// <summary>Whether its guest has acknowledged a step since it began.</summary>
    public bool IsHeard { get; private set; }

    /// <summary>Whether the server has told of a sync since its guest began.</summary>
    public bool IsSynced { get; private set; }

    /// <summary>Begins to write, in a sandbox of its own.</summary>
    public async Task BeginAsync(MagsClient client, CancellationToken cancellationToken)
    {
        (IsHeard, IsSynced) = (false, false);
        _job = (await client.CreateJobAsync(Request(GuestPrograms.Write, 0) with { Persistent = isPersistent }, cancellationToken))
            .RequestId;
    }

    /// <summary>Listens to the guest and to what is told of its syncs, until the server is gone.</summary>
    public async Task ListenAsync(MagsClient client, CancellationToken killed)
    {
        try
        {
            await Task.WhenAll(FollowAsync(client, killed), WatchAsync(client, killed));
        }
        catch (Exception exception) when (exception is MagsApiException or HttpRequestException or IOException or OperationCanceledException)
        {
            // What it has logged is read once it runs again.
        }
    }

    /// <summary>Ends the sandbox, if it still runs, and hears all that the guest has said.</summary>
    public async Task EndAsync(MagsClient client, CancellationToken cancellationToken)
    {
        _ = await client.StopJobAsync(_job!, cancellationToken);
        await HearAsync(client, cancellationToken);
    }

    /// <summary>Hears all that the guest of an ended sandbox has said, and of its last sync.</summary>
    public async Task HearAsync(MagsClient client, CancellationToken cancellationToken)
    {
        await FollowAsync(client, cancellationToken);
        Note((await client.GetJobAsync(_job!, cancellationToken)).LastSyncedAt);
    }

    /// <summary>
    /// All that is left is what the object store has: what was acknowledged after the last acknowledged sync may be lost.
    /// </summary>
    public void FallBack()
    {
        lock (_lock)
        {
            var until = _syncs.Max();
            foreach (var (step, _) in _steps.Where(step => step.Value >= until).ToList())
            {
                _ = _steps.Remove(step);
            }
        }
    }

    /// <summary>Reads all of it in a guest.</summary>
    /// <returns>What is not there, and what is wrong with the file system.</returns>
    public async Task<CheckResult> CheckAsync(MagsClient client, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var job = await client.CreateJobAsync(Request(GuestPrograms.Check, Acknowledged), cancellationToken);
        await foreach (var step in client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
            if (step.Entry is { } entry)
            {
                lines.Add(entry.Message);
            }
        }

        var lost = lines.Where(line => line.StartsWith("lost", StringComparison.Ordinal)).ToList();
        if (!lines.Contains("end"))
        {
            var error = (await client.GetJobAsync(job.RequestId, cancellationToken)).Error;
            lost.Add($"lost: it could not be read: {error} {string.Join(' ', lines)}");
        }

        return new CheckResult(
            [.. lost.Select(Named)],
            [.. lines.Where(line => line.StartsWith("unclean", StringComparison.Ordinal)).Select(Named)]);
    }

    private string Named(string fault) => $"workspace {name}, {Acknowledged} acknowledged: {fault}";

    private CreateJobRequest Request(string script, int acknowledged) => new()
    {
        Type = "inline",
        Script = script,
        WorkspaceId = name,
        Network = false,
        Timeout = 900,
        Environment = new Dictionary<string, string>
        {
            ["NAME"] = name,
            ["ACKNOWLEDGED"] = acknowledged.ToString(CultureInfo.InvariantCulture),
        },
    };

    private async Task FollowAsync(MagsClient client, CancellationToken cancellationToken)
    {
        await foreach (var step in client.FollowLogsAsync(_job!, cancellationToken: cancellationToken))
        {
            if (step.Entry is { Source: "stdout" } entry)
            {
                Note(int.Parse(entry.Message, CultureInfo.InvariantCulture), entry.Timestamp);
            }
            else if (step.Entry is { Source: "stderr" } error)
            {
                await Console.Error.WriteLineAsync($"bench: the guest of {name}: {error.Message}");
            }
        }
    }

    private async Task WatchAsync(MagsClient client, CancellationToken cancellationToken)
    {
        while (isPersistent)
        {
            Note((await client.GetJobAsync(_job!, cancellationToken)).LastSyncedAt);
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    private void Note(int step, DateTimeOffset time)
    {
        lock (_lock)
        {
            IsHeard = true;
            // Said again, it was true before.
            if (_steps.TryAdd(step, time))
            {
                Flushes++;
            }
        }
    }

    private void Note(DateTimeOffset? sync)
    {
        lock (_lock)
        {
            if (sync is { } time && _syncs.Add(time))
            {
                IsSynced = true;
            }
        }
    }
}

/// <summary>What a guest found.</summary>
/// <param name="Lost">What was acknowledged and is not there.</param>
/// <param name="Unclean">What is wrong with the file system.</param>
internal sealed record CheckResult(IReadOnlyList<string> Lost, IReadOnlyList<string> Unclean);
