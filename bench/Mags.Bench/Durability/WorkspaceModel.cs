using System.Globalization;
using Mags.Client;
using Mags.Client.Errors;

namespace Mags.Bench.Durability;

/// <summary>A workspace that guests write to, and what of it was acknowledged.</summary>
internal sealed class WorkspaceModel(string name, bool isPersistent)
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

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
    public int Acknowledged => AcknowledgedBefore(DateTimeOffset.MaxValue);

    /// <summary>The newest sync that the server has told of: the time until which all is in the store.</summary>
    public DateTimeOffset? LastSync
    {
        get
        {
            lock (_lock)
            {
                return _syncs.Count == 0 ? null : _syncs.Max();
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
        var request = GuestCheck.Request(GuestPrograms.Write, name, 0) with { WorkspaceId = name, Persistent = isPersistent };
        _job = (await client.CreateJobAsync(request, cancellationToken)).RequestId;
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

    /// <summary>The newest step that was acknowledged before a time.</summary>
    public int AcknowledgedBefore(DateTimeOffset time)
    {
        lock (_lock)
        {
            return _steps.Where(step => step.Value < time).Select(step => step.Key).DefaultIfEmpty().Max();
        }
    }

    /// <summary>Reads all of it in a guest.</summary>
    public Task<CheckResult> CheckAsync(MagsClient client, CancellationToken cancellationToken) => GuestCheck.RunAsync(
        client,
        GuestCheck.Request(GuestPrograms.Check, name, Acknowledged) with { WorkspaceId = name },
        $"workspace {name}, {Acknowledged} acknowledged",
        cancellationToken);

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
