using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>
/// Workspaces and their layers in the database. It tells which files there have to be; making and removing them is the
/// caller's. A fault of the database is a <see cref="DatabaseException"/>.
/// </summary>
public sealed class WorkspaceStore
{
    private readonly Database _database;
    private readonly TimeProvider _time;

    internal WorkspaceStore(Database database, TimeProvider time)
    {
        (_database, _time) = (database, time);
    }

    /// <summary>A user's workspace; null when there is none of that name.</summary>
    public Task<WorkspaceRow?> FindAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.ReadAsync(db => FindAsync(db.Workspaces, userId, name), cancellationToken);

    /// <summary>A user's workspaces by name, with whether a job is active in each.</summary>
    public Task<IReadOnlyList<WorkspaceSummary>> ListAsync(Guid userId, CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceSummary>>(
            async db => await db.Workspaces
                .Where(workspace => workspace.UserId == userId && workspace.OwnerJobId == null)
                .OrderBy(workspace => workspace.Name)
                .Select(workspace => new WorkspaceSummary(workspace, db.Jobs.Any(job =>
                    job.UserId == userId
                    && job.WorkspaceId == workspace.Name
                    && !EF.Property<bool>(job, Jobs.JobTables.Ended))))
                .ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>What a base's readers start from: its newest sealed layers, the lowest first.</summary>
    /// <returns>Null when there is no such workspace any more.</returns>
    public Task<WorkspaceLayers?> ReadAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.ReadAsync(
            async db => await FindAsync(db.Workspaces, userId, name) is { } workspace
                ? new WorkspaceLayers(workspace, [.. (await ChainAsync(db, workspace.TopLayerId)).Select(layer => layer.Id)])
                : null,
            cancellationToken);

    /// <summary>
    /// Opens a layer for a job to write to, on the newest sealed one. A workspace that has none gets its lowest first. As
    /// long as that is the only one, the caller sees to it that its file, an empty disk, is there.
    /// </summary>
    /// <returns>What it lies on; null when there is no such workspace.</returns>
    public Task<OpenedLayer?> OpenAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                if (await FindAsync(db.Workspaces.AsTracking(), userId, name) is not { } workspace)
                {
                    return null;
                }

                var below = await ChainAsync(db, workspace.TopLayerId);
                if (below.Count == 0)
                {
                    below = [NewLayer(null, workspace.DiskGb)];
                    db.Add(below[0]);
                    workspace.TopLayerId = below[0].Id;
                }

                var open = NewLayer(below[^1].Id, workspace.DiskGb);
                db.Add(open);
                workspace.OpenLayerId = open.Id;
                await db.SaveChangesAsync(CancellationToken.None);
                return new OpenedLayer(workspace, open.Id, [.. below.Select(layer => layer.Id)]);
            },
            cancellationToken);

    /// <summary>Notes the image that a workspace belongs to from now on.</summary>
    public Task SetImageAsync(Guid workspaceId, string digest, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            db => db.Workspaces.Where(workspace => workspace.Id == workspaceId)
                .ExecuteUpdateAsync(row => row.SetProperty(workspace => workspace.ImageDigest, digest)),
            cancellationToken);

    /// <summary>Seals the open layer: from now on it is what the workspace is, and nobody writes to it any more.</summary>
    /// <param name="workspaceId">The workspace.</param>
    /// <param name="layerId">Its open layer.</param>
    /// <param name="bytes">What the layer's file takes.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    public Task SealAsync(Guid workspaceId, Guid layerId, long bytes, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.Layers.Where(layer => layer.Id == layerId)
                    .ExecuteUpdateAsync(row => row.SetProperty(layer => layer.Bytes, bytes));
                var all = (await ChainAsync(db, layerId)).Sum(layer => layer.Bytes);
                return await db.Workspaces.Where(row => row.Id == workspaceId && row.OpenLayerId == layerId)
                    .ExecuteUpdateAsync(row => row
                        .SetProperty(workspace => workspace.TopLayerId, layerId)
                        .SetProperty(workspace => workspace.OpenLayerId, (Guid?)null)
                        .SetProperty(workspace => workspace.Bytes, all));
            },
            cancellationToken);

    /// <summary>Forgets an open layer that nothing was written to.</summary>
    public Task AbandonAsync(Guid workspaceId, Guid layerId, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.Workspaces.Where(row => row.Id == workspaceId && row.OpenLayerId == layerId)
                    .ExecuteUpdateAsync(row => row.SetProperty(workspace => workspace.OpenLayerId, (Guid?)null));
                return await db.Layers.Where(layer => layer.Id == layerId).ExecuteDeleteAsync();
            },
            cancellationToken);

    /// <summary>The workspaces with an open layer: those of running jobs, or what a dead server has left.</summary>
    public Task<IReadOnlyList<WorkspaceRow>> ListOpenAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceRow>>(
            async db => await db.Workspaces.Where(workspace => workspace.OpenLayerId != null).ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>Ids of all layers there are.</summary>
    public Task<IReadOnlyList<Guid>> ListLayersAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<Guid>>(
            async db => await db.Layers.Select(layer => layer.Id).ToListAsync(cancellationToken), cancellationToken);

    /// <summary>Deletes a workspace unless jobs are active in it, with those of its layers that nothing else needs.</summary>
    public Task<WorkspaceDeletion> DeleteAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                var active = await ActiveJobs(db, userId, name).CountAsync(CancellationToken.None);
                if (active > 0 || await FindAsync(db.Workspaces.AsTracking(), userId, name) is not { } workspace)
                {
                    return new WorkspaceDeletion(active > 0, active, []);
                }

                db.Remove(workspace);
                await db.SaveChangesAsync(CancellationToken.None);
                return new WorkspaceDeletion(
                    true, 0, await ReleaseAsync(db, workspace.OpenLayerId ?? workspace.TopLayerId));
            },
            cancellationToken);

    /// <summary>Deletes disks that belonged to jobs which have ended.</summary>
    /// <param name="jobId">The job whose; null for all such.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    /// <returns>Layers whose files nobody needs any more.</returns>
    public Task<IReadOnlyList<Guid>> DeleteOwnedAsync(Guid? jobId, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var owned = await db.Workspaces.AsTracking()
                    .Where(workspace => workspace.OwnerJobId != null && (jobId == null || workspace.OwnerJobId == jobId)
                        && db.Jobs.Any(job => job.Id == workspace.OwnerJobId && EF.Property<bool>(job, Jobs.JobTables.Ended)))
                    .ToListAsync(CancellationToken.None);
                db.RemoveRange(owned);
                await db.SaveChangesAsync(CancellationToken.None);
                var released = new List<Guid>();
                foreach (var workspace in owned)
                {
                    released.AddRange(await ReleaseAsync(db, workspace.OpenLayerId ?? workspace.TopLayerId));
                }

                return (IReadOnlyList<Guid>)released;
            },
            cancellationToken);

    /// <summary>
    /// Which layers of a workspace to merge, when it has more than so many: those that it shares with nobody, once they are
    /// half as many. What it shares is copied only when it has more than twice as many in all.
    /// </summary>
    /// <returns>Null when there is nothing to merge, or no such workspace.</returns>
    public Task<LayerMerge?> PlanMergeAsync(Guid workspaceId, int most, CancellationToken cancellationToken) =>
        _database.ReadAsync(
            async db =>
            {
                var workspace = await db.Workspaces.FirstOrDefaultAsync(row => row.Id == workspaceId, cancellationToken);
                var chain = await ChainAsync(db, workspace?.TopLayerId);
                if (workspace is null || chain.Count <= most)
                {
                    return null;
                }

                var first = chain.Count;
                while (first > 1 && await UsesAsync(db, workspace, chain[first - 1].Id) == 1)
                {
                    first--;
                }

                if (chain.Count - first < Math.Max(2, most / 2))
                {
                    if (chain.Count <= 2 * most)
                    {
                        return null;
                    }

                    first = 1;
                }

                return new LayerMerge(
                    [.. chain.Take(first).Select(layer => layer.Id)],
                    [.. chain.Skip(first).Select(layer => layer.Id)],
                    chain[^1].DiskGb);
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
                await db.Layers.Where(row => row.ParentId == old)
                    .ExecuteUpdateAsync(row => row.SetProperty(child => child.ParentId, into));
                var all = (await ChainAsync(db, into)).Sum(row => row.Bytes);
                await db.Workspaces.Where(row => row.TopLayerId == old).ExecuteUpdateAsync(row => row
                    .SetProperty(workspace => workspace.TopLayerId, into)
                    .SetProperty(workspace => workspace.Bytes, all));
                return await ReleaseAsync(db, old);
            },
            cancellationToken);

    // The workspace's own open layer goes wherever its chain goes.
    private static async Task<int> UsesAsync(MagsDbContext db, WorkspaceRow workspace, Guid layer) =>
        await db.Workspaces.CountAsync(row => row.TopLayerId == layer)
        + await db.Layers.CountAsync(other => other.ParentId == layer && other.Id != workspace.OpenLayerId);

    // From above: a layer goes when no workspace is at it and no layer lies on it, and then the one below may.
    private static async Task<IReadOnlyList<Guid>> ReleaseAsync(MagsDbContext db, Guid? top)
    {
        var released = new List<Guid>();
        for (var next = top; next is { } id;)
        {
            if (await db.Workspaces.AnyAsync(row => row.TopLayerId == id || row.OpenLayerId == id)
                || await db.Layers.AnyAsync(layer => layer.ParentId == id))
            {
                break;
            }

            next = await db.Layers.Where(layer => layer.Id == id).Select(layer => layer.ParentId).FirstOrDefaultAsync();
            await db.Layers.Where(layer => layer.Id == id).ExecuteDeleteAsync();
            released.Add(id);
        }

        return released;
    }

    private static async Task<List<LayerRow>> ChainAsync(MagsDbContext db, Guid? top)
    {
        var chain = new List<LayerRow>();
        for (var next = top; next is { } id;)
        {
            var layer = await db.Layers.FirstAsync(layer => layer.Id == id);
            chain.Insert(0, layer);
            next = layer.ParentId;
        }

        return chain;
    }

    private static IQueryable<Jobs.JobRow> ActiveJobs(MagsDbContext db, Guid userId, string name) => db.Jobs
        .Where(job => job.UserId == userId && job.WorkspaceId == name && !EF.Property<bool>(job, Jobs.JobTables.Ended));

    private static Task<WorkspaceRow?> FindAsync(IQueryable<WorkspaceRow> workspaces, Guid userId, string name) =>
        workspaces.FirstOrDefaultAsync(workspace => workspace.UserId == userId && workspace.Name == name);

    private LayerRow NewLayer(Guid? below, int diskGb) => new()
    {
        Id = Guid.CreateVersion7(),
        ParentId = below,
        DiskGb = diskGb,
        CreatedAt = _time.GetUtcNow(),
    };
}
