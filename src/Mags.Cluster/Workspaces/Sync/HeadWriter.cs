using Mags.Data.Workspaces;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>Lets a snapshot that is in the object store be what a workspace is there: by its head, and then by its row.</summary>
internal sealed class HeadWriter(SnapshotStore snapshots, WorkspaceHeads heads, StoredImages images)
{
    /// <summary>Sees to it that nothing is sent that could not be named after.</summary>
    /// <exception cref="ObjectStoreException">The store failed, or has this workspace from another database.</exception>
    public async Task CheckAsync(SyncPlan plan, CancellationToken cancellationToken)
    {
        if (await heads.ReadAsync(plan.User, plan.Workspace.Name, cancellationToken) is { } there
            && there.Head.Writer != await snapshots.GetDatabaseIdAsync(cancellationToken))
        {
            throw Foreign(plan);
        }
    }

    /// <summary>Names the snapshot.</summary>
    /// <param name="plan">What was sent.</param>
    /// <param name="snapshot">The snapshot; all of it is in the store, and the image too.</param>
    /// <param name="until">The time until which all that was written is in it.</param>
    /// <param name="cancellationToken">Gives up; it may be named or not.</param>
    /// <exception cref="ObjectStoreException">The store failed, or has this workspace from another database.</exception>
    public async Task WriteAsync(
        SyncPlan plan, string snapshot, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var workspace = plan.Workspace;
        var there = await heads.ReadAsync(plan.User, workspace.Name, cancellationToken);
        var isOthers = there?.Head.WorkspaceId is { } other && other != workspace.Id;
        if (isOthers && await snapshots.IsPersistentAsync(there!.Head.WorkspaceId!.Value, cancellationToken))
        {
            // This one was deleted meanwhile, and another has its name by now.
            return;
        }

        var before = isOthers ? null : there?.Head;
        var head = new WorkspaceHead(
            await snapshots.GetDatabaseIdAsync(cancellationToken),
            plan.User,
            workspace.Name,
            workspace.Image,
            StoredImages.Plain(workspace.ImageDigest!),
            plan.DiskGb,
            snapshot,
            before?.Snapshot == snapshot ? before.Previous : before?.Snapshot,
            until,
            workspace.Id);
        var written = await heads.WriteAsync(head, there?.Version, cancellationToken);
        if (!written.IsWritten)
        {
            throw Foreign(plan);
        }

        await images.ConfirmAsync(workspace, cancellationToken);
        if (!await snapshots.SetSyncedAsync(workspace.Id, plan.Layers[^1], snapshot, until, CancellationToken.None))
        {
            // It was deleted meanwhile.
            _ = await heads.DeleteAsync(head.Writer, plan.User, workspace.Name, workspace.Id, CancellationToken.None);
        }
    }

    private static ObjectStoreException Foreign(SyncPlan plan) => new(
        ObjectStoreFault.Denied,
        $"the object store has a workspace `{plan.Workspace.Name}` of user `{plan.User}` that another server wrote "
        + "(it has another database); nothing of either is lost: fork this one under another name, or give one of "
        + "the servers a store or prefix of its own");
}
