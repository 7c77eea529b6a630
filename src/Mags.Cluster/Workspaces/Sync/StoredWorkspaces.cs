using Mags.Data;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>What callers ask for of their workspaces in the object store.</summary>
public sealed partial class StoredWorkspaces
{
    private readonly WorkspaceStore _workspaces;
    private readonly SnapshotStore _snapshots;
    private readonly WorkspaceSync _sync;
    private readonly WorkspaceHeads _heads;
    private readonly SnapshotReader _reader;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly ILogger<StoredWorkspaces> _logger;

    internal StoredWorkspaces(
        WorkspaceStore workspaces,
        SnapshotStore snapshots,
        WorkspaceSync sync,
        WorkspaceHeads heads,
        SnapshotReader reader,
        IOptions<WorkspaceOptions> options,
        TimeProvider time,
        ILogger<StoredWorkspaces> logger)
    {
        (_workspaces, _snapshots, _sync) = (workspaces, snapshots, sync);
        (_heads, _reader) = (heads, reader);
        (_patience, _time, _logger) = (TimeSpan.FromSeconds(options.Value.StopSyncSeconds), time, logger);
    }

    /// <summary>Begins to sync what a job keeps; the caller does not wait.</summary>
    /// <returns>False when it is not kept in the object store.</returns>
    public async Task<bool> RequestAsync(JobRow job, CancellationToken cancellationToken)
    {
        if (await FindAsync(job, cancellationToken) is not { } workspace)
        {
            return false;
        }

        _ = _sync.RequestAsync(workspace.Id, isWhole: true);
        return true;
    }

    /// <summary>
    /// Waits until what an ended job kept is in the object store, but not longer than
    /// <see cref="WorkspaceOptions.StopSyncSeconds"/>; the sync goes on after.
    /// </summary>
    public async Task SettleAsync(JobRow job, CancellationToken cancellationToken)
    {
        // A disk of the job's own goes with it.
        if (job.WorkspaceId is null || await FindAsync(job, cancellationToken) is not { } workspace)
        {
            return;
        }

        try
        {
            await _sync.RequestAsync(workspace.Id).WaitAsync(_patience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogLate(workspace.Name, _patience.TotalSeconds);
        }
    }

    /// <summary>
    /// Removes a deleted workspace from the object store, as far as others do not share it: its head now, so that it is there
    /// no more, and what that named by a later sweep. Where the store is down, the sweep does both.
    /// </summary>
    public async Task ForgetAsync(string user, string workspace, Guid id, CancellationToken cancellationToken)
    {
        try
        {
            _ = await _heads.DeleteAsync(
                await _snapshots.GetDatabaseIdAsync(cancellationToken), user, workspace, id, cancellationToken);
        }
        catch (Exception exception) when (exception is ObjectStoreException or DatabaseException)
        {
            LogNotForgotten(workspace, exception.Message);
        }
    }

    /// <summary>
    /// Lets a workspace be the snapshot before its newest one: for when that is damaged in the object store, and nothing of
    /// it is on this node.
    /// </summary>
    /// <returns>When that snapshot was taken; null when there is none to go back to, or this node has the workspace.</returns>
    /// <exception cref="ObjectStoreException">The store cannot be read, or both are damaged.</exception>
    public async Task<DateTimeOffset?> GoBackAsync(
        WorkspaceRow workspace, string user, CancellationToken cancellationToken)
    {
        if (workspace is not { TopLayerId: null, SnapshotId: { } damaged }
            || await _heads.ReadAsync(user, workspace.Name, cancellationToken) is not { Head.Previous: { } previous } there
            || there.Head.Snapshot != damaged)
        {
            return null;
        }

        var before = await _reader.ReadAsync(previous, cancellationToken);
        var written = await _heads.WriteAsync(
            there.Head with { Snapshot = previous, Previous = null, SyncedAt = before.CreatedAt },
            there.Version,
            cancellationToken);
        return written.IsWritten && await _snapshots.GoBackAsync(workspace.Id, damaged, previous, CancellationToken.None)
            ? before.CreatedAt
            : null;
    }

    private async Task<WorkspaceRow?> FindAsync(JobRow job, CancellationToken cancellationToken) =>
        WorkspaceRow.NameOf(job) is { } name
        && await _workspaces.FindAsync(job.UserId, name, cancellationToken) is { Persistent: true } workspace
            ? workspace
            : null;

    [LoggerMessage(LogLevel.Warning, "Workspace {Workspace} is not in the object store {Seconds} s after its job's stop; its sync goes on")]
    private partial void LogLate(string workspace, double seconds);

    [LoggerMessage(LogLevel.Warning, "Workspace {Workspace} could not be removed from the object store; a sweep will: {Reason}")]
    private partial void LogNotForgotten(string workspace, string reason);
}
