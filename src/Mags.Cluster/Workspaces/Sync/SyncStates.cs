using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Machines.Disks;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>How far workspaces are in the object store, as callers see it.</summary>
public sealed class SyncStates
{
    private readonly WorkspaceStore _workspaces;
    private readonly LayerFiles _files;

    internal SyncStates(WorkspaceStore workspaces, LayerFiles files) => (_workspaces, _files) = (workspaces, files);

    /// <summary>How far a workspace is in the object store; null when it is not kept there.</summary>
    public SyncStatus? Get(WorkspaceSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        var workspace = summary.Workspace;
        if (!workspace.Persistent)
        {
            return null;
        }

        var isSynced = workspace.SyncedAt is not null
            && workspace.SyncedLayerId == workspace.TopLayerId
            && !HasChanged(summary);
        var state = workspace.SyncError is not null ? SyncState.Error : isSynced ? SyncState.Synced : SyncState.Pending;
        return new SyncStatus(state, workspace.SyncedAt, workspace.SyncError);
    }

    /// <summary>How far what a job keeps is in the object store; null when it is not kept there.</summary>
    public async Task<SyncStatus?> GetAsync(JobRow job, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        return (await ListAsync(job.UserId, [job], cancellationToken)).GetValueOrDefault(job.Id);
    }

    /// <summary>
    /// The same of some of a user's jobs, by their ids, with one query however many they are. Those of which nothing is
    /// kept there are not among them.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, SyncStatus>> ListAsync(
        Guid userId, IReadOnlyList<JobRow> jobs, CancellationToken cancellationToken)
    {
        var kept = jobs.ToLookup(WorkspaceRow.NameOf);
        var names = kept.Select(group => group.Key).OfType<string>().ToList();
        if (names.Count == 0)
        {
            return new Dictionary<Guid, SyncStatus>();
        }

        var found = await _workspaces.ListPersistentAsync(userId, names, cancellationToken);
        return found
            .SelectMany(summary => kept[summary.Workspace.Name].Select(job => (job.Id, Status: Get(summary)!)))
            .ToDictionary(pair => pair.Id, pair => pair.Status);
    }

    /// <summary>Whether a guest has written what is not sealed. One layer is put on another only when that was written to.</summary>
    private bool HasChanged(WorkspaceSummary summary) =>
        summary.Workspace.OpenLayerId is { } open
        && (summary.BelowOpenId != summary.Workspace.TopLayerId || _files.HasChanged(open));
}

/// <summary>How far a workspace is in the object store.</summary>
/// <param name="State">Whether all of it is.</param>
/// <param name="LastSyncedAt">What was written until then is; null when nothing is.</param>
/// <param name="Error">Why the last sync failed; null when it did not.</param>
public sealed record SyncStatus(SyncState State, DateTimeOffset? LastSyncedAt, string? Error);

/// <summary>Whether all of a workspace is in the object store.</summary>
public enum SyncState
{
    /// <summary>All that was written is.</summary>
    Synced,

    /// <summary>Something is not yet.</summary>
    Pending,

    /// <summary>Something is not, and the last attempt failed.</summary>
    Error,
}
