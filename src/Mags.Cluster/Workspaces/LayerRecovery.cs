using Mags.Data.Workspaces;
using Mags.Machines.Disks;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces;

/// <summary>Brings rows and files of layers in line at the start, whatever the last run of the server ended with.</summary>
internal sealed partial class LayerRecovery(
    LayerStore layers,
    SnapshotStore snapshots,
    LayerFiles files,
    OpenLayers open,
    HeldLayers held,
    WorkspaceRemoval removal,
    ILogger<LayerRecovery> logger)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when rows and files are in line: what makes layers waits for it, or they would be taken for garbage.</summary>
    public Task Done => _done.Task;

    /// <summary>Seals what a dead server has left open, and removes files that no workspace knows.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        foreach (var workspace in await layers.ListOpenAsync(cancellationToken))
        {
            await open.SettleAsync(workspace.Id, cancellationToken);
        }

        await FallBackAsync(cancellationToken);
        await removal.DeleteOwnedAsync(cancellationToken);
        var known = (await layers.ListAsync(cancellationToken)).ToHashSet();
        foreach (var layer in files.List().Where(layer => !known.Contains(layer)))
        {
            files.Remove(layer);
            LogRemoved(layer);
        }

        _done.SetResult();
    }

    /// <summary>Where files are lost that are in the object store, what is there is what the workspace is.</summary>
    private async Task FallBackAsync(CancellationToken cancellationToken)
    {
        var there = files.List().ToHashSet();
        foreach (var (workspace, chain) in await snapshots.ListAsync(cancellationToken))
        {
            if (workspace.SnapshotId is not null && chain.Any(layer => !there.Contains(layer)))
            {
                _ = await held.RemoveAsync(
                    () => snapshots.FallBackAsync(workspace.Id, cancellationToken), lost => lost, cancellationToken);
                LogFellBack(workspace.Name, workspace.SyncedAt);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Files of workspace {Workspace} are gone from this node; it goes on from the object store, as of {SyncedAt}")]
    private partial void LogFellBack(string workspace, DateTimeOffset? syncedAt);

    [LoggerMessage(LogLevel.Information, "Layer {Layer} belonged to no workspace and is removed")]
    private partial void LogRemoved(Guid layer);
}
