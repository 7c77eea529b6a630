using Mags.Data;
using Mags.Data.Workspaces;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces;

/// <summary>How workspaces go from this node, and the files that nothing else needs with them.</summary>
public sealed partial class WorkspaceRemoval
{
    private readonly WorkspaceStore _workspaces;
    private readonly SnapshotStore _snapshots;
    private readonly HeldLayers _held;
    private readonly ILogger<WorkspaceRemoval> _logger;

    internal WorkspaceRemoval(
        WorkspaceStore workspaces, SnapshotStore snapshots, HeldLayers held, ILogger<WorkspaceRemoval> logger) =>
        (_workspaces, _snapshots, _held, _logger) = (workspaces, snapshots, held, logger);

    /// <summary>Deletes a workspace, unless jobs are active in it.</summary>
    public Task<WorkspaceDeletion> DeleteAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _held.RemoveAsync(
            () => _workspaces.DeleteAsync(userId, name, cancellationToken), deletion => deletion.Layers, cancellationToken);

    /// <summary>Deletes what belonged to an ended job; what cannot be now is at the next start.</summary>
    internal async Task DeleteOwnedAsync(Guid jobId)
    {
        try
        {
            await DeleteOwnedAsync(jobId, CancellationToken.None);
        }
        catch (DatabaseException exception)
        {
            LogNotDeleted(jobId, exception);
        }
    }

    /// <summary>Deletes what belonged to jobs that have ended.</summary>
    internal Task DeleteOwnedAsync(CancellationToken cancellationToken) => DeleteOwnedAsync(null, cancellationToken);

    /// <summary>Removes a workspace from this node that is whole in the object store and that nobody uses.</summary>
    /// <returns>Whether it was.</returns>
    internal async Task<bool> EvictAsync(Guid workspace, CancellationToken cancellationToken)
    {
        var released = await _held.RemoveAsync(
            () => _snapshots.EvictAsync(workspace, cancellationToken), layers => layers, cancellationToken);
        return released.Count > 0;
    }

    private Task<IReadOnlyList<Guid>> DeleteOwnedAsync(Guid? jobId, CancellationToken cancellationToken) =>
        _held.RemoveAsync(
            () => _workspaces.DeleteOwnedAsync(jobId, cancellationToken), layers => layers, cancellationToken);

    [LoggerMessage(LogLevel.Warning, "The disk of job {JobId} could not be deleted; that is made up at the next start")]
    private partial void LogNotDeleted(Guid jobId, Exception exception);
}
