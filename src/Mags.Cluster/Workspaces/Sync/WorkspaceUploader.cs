using Mags.Cluster.Objects;
using Mags.Data.Workspaces;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>Brings what is sealed of a workspace to the object store: chunks, snapshot, head, and then the row.</summary>
internal sealed partial class WorkspaceUploader(
    HeldLayers held,
    SnapshotStore snapshots,
    SnapshotWriter writer,
    HeadWriter heads,
    StoredImages images,
    StoreGate gate,
    LayerFiles files,
    LayerDisks layerDisks,
    ILogger<WorkspaceUploader> logger)
{
    /// <summary>Uploads what is not there yet. Nothing happens when nothing is missing.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="until">The time until which all that was written is sealed.</param>
    /// <param name="cancellationToken">Gives up; the store has the snapshot before.</param>
    /// <exception cref="ObjectStoreException">The store failed, or has this workspace from another database.</exception>
    public async Task UploadAsync(Guid workspace, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (await held.PinAsync(
            () => snapshots.PlanAsync(workspace, cancellationToken), found => found?.Layers, cancellationToken) is not { } plan)
        {
            return;
        }

        try
        {
            await gate.OpenAsync(cancellationToken);
            await heads.CheckAsync(plan, cancellationToken);
            await images.StoreAsync(plan.Workspace, cancellationToken);
            var result = await WriteAsync(plan, cancellationToken);
            await heads.WriteAsync(plan, result.Id, until, cancellationToken);
            gate.Note(null);
            LogSynced(plan.Workspace.Name, result.Id, result.ChunksSent, result.BytesSent);
        }
        finally
        {
            held.Unpin(plan.Layers);
        }
    }

    private async Task<SnapshotResult> WriteAsync(SyncPlan plan, CancellationToken cancellationToken)
    {
        var subject = new SnapshotSubject(
            plan.User, plan.Workspace.Name, plan.Workspace.Image, StoredImages.Plain(plan.Workspace.ImageDigest!), plan.DiskGb);
        await using var disk = await layerDisks.OpenAsync(
            [.. plan.Layers.Select(files.PathOf)], null, plan.DiskGb, cancellationToken);
        try
        {
            var level = plan.Workspace.SnapshotId is null ? -1 : plan.SyncedLevel;
            return await writer.WriteAsync(
                subject, plan.Workspace.SnapshotId, new LayerDiskSource(disk, level), cancellationToken);
        }
        catch (ObjectStoreException exception)
            when (exception.Fault == ObjectStoreFault.Damaged && plan.Workspace.SnapshotId is not null)
        {
            // All of it is here: a snapshot that needs nothing of the damaged one mends the store.
            LogDamaged(plan.Workspace.Name, exception.Message);
            return await writer.WriteAsync(subject, null, new LayerDiskSource(disk, -1), cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace} is synced as snapshot {Snapshot}: {Chunks} chunks, {Bytes} bytes sent")]
    private partial void LogSynced(string workspace, string snapshot, int chunks, long bytes);

    [LoggerMessage(LogLevel.Error, "The newest snapshot of workspace {Workspace} is damaged, and is replaced from this node: {Fault}")]
    private partial void LogDamaged(string workspace, string fault);
}
