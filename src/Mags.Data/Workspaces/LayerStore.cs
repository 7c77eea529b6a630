using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>
/// The layers of workspaces in the database. It tells which files there have to be; making and removing them is the
/// caller's. A fault of the database is a <see cref="DatabaseException"/>.
/// </summary>
public sealed class LayerStore
{
    private readonly Database _database;
    private readonly TimeProvider _time;

    internal LayerStore(Database database, TimeProvider time)
    {
        (_database, _time) = (database, time);
    }

    /// <summary>
    /// Opens a layer for a job to write to, on the newest sealed one. A workspace that has none gets its lowest first. As
    /// long as that is the only one, the caller sees to it that its file, an empty disk, is there.
    /// </summary>
    /// <param name="userId">Whose workspace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="diskGb">Size of the job's disk in GiB: it may have been set to another since the job was accepted.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    /// <returns>
    /// What it lies on; null when there is no such workspace, or the object store alone has what it holds: that has to be
    /// brought here first, or the job would find it empty.
    /// </returns>
    public Task<OpenedLayer?> OpenAsync(
        Guid userId, string name, int diskGb, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                if (await WorkspaceStore.FindAsync(db.Workspaces.AsTracking(), userId, name)
                    is not { IsStoredAlone: false } workspace)
                {
                    return null;
                }

                var below = await LayerChains.ListAsync(db, workspace.TopLayerId);
                if (below.Count == 0)
                {
                    below = [NewLayer(null, diskGb)];
                    db.Add(below[0]);
                    workspace.TopLayerId = below[0].Id;
                }

                var open = NewLayer(below[^1].Id, diskGb);
                db.Add(open);
                workspace.OpenLayerId = open.Id;
                await db.SaveChangesAsync(CancellationToken.None);
                return new OpenedLayer(workspace, open.Id, [.. below.Select(layer => layer.Id)]);
            },
            cancellationToken);

    /// <summary>
    /// Puts a new layer on the open one, which its machine goes on in once that one is sealed. Both are open until then:
    /// whichever of them has a file after a crash is what was written.
    /// </summary>
    /// <returns>The new layer; null when the workspace has another open layer, or is gone.</returns>
    public Task<Guid?> StackAsync(Guid workspaceId, Guid openLayerId, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                if (await FindAsync(db, workspaceId) is not { } workspace || workspace.OpenLayerId != openLayerId)
                {
                    return (Guid?)null;
                }

                // Of its machine's disk, whatever the size is from the next job on.
                var diskGb = await db.Layers.Where(layer => layer.Id == openLayerId).Select(layer => layer.DiskGb).FirstAsync();
                var next = NewLayer(openLayerId, diskGb);
                db.Add(next);
                workspace.OpenLayerId = next.Id;
                await db.SaveChangesAsync(CancellationToken.None);
                return next.Id;
            },
            cancellationToken);

    /// <summary>
    /// Seals the lowest open layer: from now on it is what the workspace is, and nobody writes to it any more.
    /// </summary>
    /// <param name="workspaceId">The workspace.</param>
    /// <param name="layerId">Its lowest open layer.</param>
    /// <param name="bytes">What the layer's file takes.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    public Task SealAsync(Guid workspaceId, Guid layerId, long bytes, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.Layers.Where(layer => layer.Id == layerId)
                    .ExecuteUpdateAsync(row => row.SetProperty(layer => layer.Bytes, bytes));
                var chain = await LayerChains.ListAsync(db, layerId);
                if (await FindAsync(db, workspaceId) is not { OpenLayerId: not null } workspace
                    || workspace.TopLayerId != chain[^1].ParentId)
                {
                    return 0;
                }

                workspace.LastUsedAt = _time.GetUtcNow();
                workspace.TopLayerId = layerId;
                workspace.OpenLayerId = workspace.OpenLayerId == layerId ? null : workspace.OpenLayerId;
                workspace.Bytes = chain.Sum(layer => layer.Bytes);
                return await db.SaveChangesAsync(CancellationToken.None);
            },
            cancellationToken);

    /// <summary>Forgets the topmost open layer, which nothing was written to.</summary>
    public Task AbandonAsync(Guid workspaceId, Guid layerId, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var below = await db.Layers.Where(layer => layer.Id == layerId)
                    .Select(layer => layer.ParentId).FirstOrDefaultAsync();
                await db.Workspaces.Where(row => row.Id == workspaceId && row.OpenLayerId == layerId)
                    .ExecuteUpdateAsync(row => row.SetProperty(
                        workspace => workspace.OpenLayerId,
                        workspace => workspace.TopLayerId == below ? (Guid?)null : below));
                return await db.Layers.Where(layer => layer.Id == layerId).ExecuteDeleteAsync();
            },
            cancellationToken);

    /// <summary>The open layers of a workspace, the lowest first; more than one only while it is being sealed.</summary>
    public Task<IReadOnlyList<Guid>> ListOpenAsync(Guid workspaceId, CancellationToken cancellationToken) =>
        _database.ReadWholeAsync<IReadOnlyList<Guid>>(
            async db => await db.Workspaces.FirstOrDefaultAsync(row => row.Id == workspaceId) is { OpenLayerId: { } open } found
                ?
                [
                    .. (await LayerChains.ListAsync(db, open)).Select(layer => layer.Id)
                        .SkipWhile(layer => layer != found.TopLayerId).Skip(1),
                ]
                : [],
            cancellationToken);

    /// <summary>The workspaces with an open layer: those of running jobs, or what a dead server has left.</summary>
    public Task<IReadOnlyList<WorkspaceRow>> ListOpenAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceRow>>(
            async db => await db.Workspaces.Where(workspace => workspace.OpenLayerId != null).ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>The layers that one lies on, the lowest first.</summary>
    public Task<IReadOnlyList<Guid>> ListBelowAsync(Guid layerId, CancellationToken cancellationToken) =>
        _database.ReadWholeAsync<IReadOnlyList<Guid>>(
            async db => [.. (await LayerChains.ListAsync(db, layerId)).SkipLast(1).Select(layer => layer.Id)],
            cancellationToken);

    /// <summary>Ids of all layers there are.</summary>
    public Task<IReadOnlyList<Guid>> ListAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<Guid>>(
            async db => await db.Layers.Select(layer => layer.Id).ToListAsync(cancellationToken), cancellationToken);

    /// <summary>
    /// Which layers of a workspace to merge, when it has more than so many: of those that it shares with nobody, once they
    /// are half as many, the newest, and older ones as far as they are not much larger, so that little is copied each time.
    /// What it shares is copied only when it has more than twice as many in all.
    /// </summary>
    /// <returns>Null when there is nothing to merge, or no such workspace.</returns>
    public Task<LayerMerge?> PlanMergeAsync(Guid workspaceId, int most, CancellationToken cancellationToken) =>
        _database.ReadWholeAsync(
            async db =>
            {
                var workspace = await db.Workspaces.FirstOrDefaultAsync(row => row.Id == workspaceId, cancellationToken);
                var chain = await LayerChains.ListAsync(db, workspace?.TopLayerId);
                if (workspace is null || chain.Count <= most)
                {
                    return null;
                }

                var own = chain.Count;
                while (own > 1 && await UsesAsync(db, workspace, chain[own - 1].Id) == 1)
                {
                    own--;
                }

                if (chain.Count - own < Math.Max(2, most / 2))
                {
                    if (chain.Count <= 2 * most)
                    {
                        return null;
                    }

                    own = 1;
                }

                return MergeOf(chain, Mergeable(workspace, chain, own, most), most);
            },
            cancellationToken);

    /// <summary>
    /// Puts a layer in the place of those that were merged into it, for all who start from them: it holds the same.
    /// </summary>
    /// <param name="merge">The merge.</param>
    /// <param name="into">The new layer, whose file is there.</param>
    /// <param name="bytes">What its file takes.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    /// <returns>Layers whose files nobody needs any more.</returns>
    public Task<IReadOnlyList<Guid>> ReplaceAsync(
        LayerMerge merge, Guid into, long bytes, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var old = merge.Merged[^1];
                if (!await db.Layers.AnyAsync(layer => layer.Id == old))
                {
                    // Its workspace was deleted meanwhile.
                    return [into];
                }

                var layer = NewLayer(merge.Below[^1], merge.DiskGb);
                (layer.Id, layer.Bytes) = (into, bytes);
                db.Add(layer);
                await db.SaveChangesAsync(CancellationToken.None);
                await db.Workspaces.Where(row => row.SyncedLayerId == old)
                    .ExecuteUpdateAsync(row => row.SetProperty(workspace => workspace.SyncedLayerId, into));
                await db.Layers.Where(row => row.ParentId == old)
                    .ExecuteUpdateAsync(row => row.SetProperty(child => child.ParentId, into));
                var all = (await LayerChains.ListAsync(db, into)).Sum(row => row.Bytes);
                await db.Workspaces.Where(row => row.TopLayerId == old).ExecuteUpdateAsync(row => row
                    .SetProperty(workspace => workspace.TopLayerId, into)
                    .SetProperty(workspace => workspace.Bytes, all));
                return await LayerChains.ReleaseAsync(db, old);
            },
            cancellationToken);

    // The workspace's own open layer goes wherever its chain goes.
    private static async Task<int> UsesAsync(MagsDbContext db, WorkspaceRow workspace, Guid layer) =>
        await db.Workspaces.CountAsync(row => row.TopLayerId == layer)
        + await db.Layers.CountAsync(other => other.ParentId == layer && other.Id != workspace.OpenLayerId);

    /// <summary>
    /// What is above the synced layer is on its way to the object store: merged with it, all of it would have to be compared.
    /// So only what is synced is merged, or, where too much waits for a store that is down, only what is not.
    /// </summary>
    private static Range Mergeable(WorkspaceRow workspace, List<LayerRow> chain, int own, int most)
    {
        var synced = chain.FindIndex(layer => layer.Id == workspace.SyncedLayerId);
        return !workspace.Persistent || synced < own ? own..chain.Count
            : chain.Count - synced > most ? (synced + 1)..chain.Count
            : own..(synced + 1);
    }

    private static LayerMerge? MergeOf(List<LayerRow> chain, Range mergeable, int most)
    {
        var (first, end) = (mergeable.Start.Value, mergeable.End.Value);
        var begin = end - 1;
        for (var bytes = chain[begin].Bytes; begin > first; begin--)
        {
            if (chain[begin - 1].Bytes > 2 * bytes && chain.Count - (end - begin) < most)
            {
                break;
            }

            bytes += chain[begin - 1].Bytes;
        }

        return end - begin < 2
            ? null
            : new LayerMerge(
                [.. chain.Take(begin).Select(layer => layer.Id)],
                [.. chain.Take(end).Skip(begin).Select(layer => layer.Id)],
                chain[end - 1].DiskGb);
    }

    private static Task<WorkspaceRow?> FindAsync(MagsDbContext db, Guid id) =>
        db.Workspaces.AsTracking().FirstOrDefaultAsync(workspace => workspace.Id == id);

    private LayerRow NewLayer(Guid? below, int diskGb) => new()
    {
        Id = Guid.CreateVersion7(),
        ParentId = below,
        DiskGb = diskGb,
        CreatedAt = _time.GetUtcNow(),
    };
}
