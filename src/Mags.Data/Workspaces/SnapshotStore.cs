using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>
/// What the database knows of workspaces in the object store: which snapshot is the newest of each, and which layer of
/// this node it is equal to. A fault of the database is a <see cref="DatabaseException"/>.
/// </summary>
public sealed class SnapshotStore
{
    private const string IdSetting = "database_id";

    private readonly Database _database;

    internal SnapshotStore(Database database)
    {
        _database = database;
    }

    /// <summary>The id of this database, made at its first use: what it writes to an object store is marked with it.</summary>
    public async Task<Guid> GetDatabaseIdAsync(CancellationToken cancellationToken) =>
        // Every sync asks, and only the very first has to write.
        await _database.ReadAsync(FindIdAsync, cancellationToken) ?? await _database.WriteAsync(
            async db =>
            {
                if (await FindIdAsync(db) is { } found)
                {
                    return found;
                }

                var id = Guid.NewGuid();
                db.Add(new SettingRow { Name = IdSetting, Value = id.ToString() });
                await db.SaveChangesAsync(CancellationToken.None);
                return id;
            },
            cancellationToken);

    /// <summary>
    /// The persistent workspaces that are not whole in the object store: their newest sealed layer is not there yet, or
    /// one is open, as where a server died.
    /// </summary>
    public Task<IReadOnlyList<Guid>> ListPendingAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<Guid>>(
            async db => await db.Workspaces
                .Where(row => row.Persistent && row.TopLayerId != null
                    && (row.OpenLayerId != null || row.SyncedAt == null || row.SyncedLayerId != row.TopLayerId))
                .Select(row => row.Id)
                .ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>The snapshots that workspaces here name, also those that have no head of their own.</summary>
    public Task<IReadOnlyList<string>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<string>>(
            async db => await db.Workspaces.Where(row => row.SnapshotId != null)
                .Select(row => row.SnapshotId!).Distinct().ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>Digests of the images of persistent workspaces, also of those that were never synced.</summary>
    public Task<IReadOnlyList<string>> ListImagesAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<string>>(
            async db => await db.Workspaces.Where(row => row.Persistent && row.ImageDigest != null)
                .Select(row => row.ImageDigest!).Distinct().ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>Whether a workspace is kept in the object store.</summary>
    public Task<bool> IsPersistentAsync(Guid workspaceId, CancellationToken cancellationToken) =>
        _database.ReadAsync(
            db => db.Workspaces.AnyAsync(row => row.Id == workspaceId && row.Persistent, cancellationToken),
            cancellationToken);

    /// <summary>What there is to sync of a workspace.</summary>
    /// <returns>Null when there is nothing: it is gone, not persistent, never written to, or synced.</returns>
    public Task<SyncPlan?> PlanAsync(Guid workspaceId, CancellationToken cancellationToken) =>
        _database.ReadWholeAsync(
            async db =>
            {
                var workspace = await db.Workspaces.FirstOrDefaultAsync(row => row.Id == workspaceId);
                if (workspace is not { Persistent: true, TopLayerId: { } top, ImageDigest: not null }
                    || (workspace.SyncedAt is not null && workspace.SyncedLayerId == top))
                {
                    return null;
                }

                var user = await db.Users.Where(row => row.Id == workspace.UserId).Select(row => row.Name).FirstAsync();
                var chain = await LayerChains.ListAsync(db, top);
                return new SyncPlan(
                    workspace,
                    user,
                    [.. chain.Select(layer => layer.Id)],
                    chain.FindIndex(layer => layer.Id == workspace.SyncedLayerId),
                    chain[^1].DiskGb);
            },
            cancellationToken);

    /// <summary>Notes that a layer is in the object store as this snapshot, and what was written until when.</summary>
    /// <returns>False when the workspace is gone.</returns>
    public async Task<bool> SetSyncedAsync(
        Guid workspaceId, Guid layerId, string snapshotId, DateTimeOffset until, CancellationToken cancellationToken) =>
        await _database.WriteAsync(
            db => db.Workspaces.Where(row => row.Id == workspaceId).ExecuteUpdateAsync(row => row
                .SetProperty(workspace => workspace.SnapshotId, snapshotId)
                .SetProperty(workspace => workspace.SyncedLayerId, layerId)
                .SetProperty(workspace => workspace.SyncedAt, until)
                .SetProperty(workspace => workspace.SyncError, (string?)null)),
            cancellationToken) > 0;

    /// <summary>Notes why a sync failed.</summary>
    public Task SetErrorAsync(Guid workspaceId, string error, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            db => db.Workspaces.Where(row => row.Id == workspaceId)
                .ExecuteUpdateAsync(row => row.SetProperty(workspace => workspace.SyncError, error)),
            cancellationToken);

    /// <summary>
    /// Notes that a workspace which had no layer on this node has its snapshot here as a layer on an empty disk.
    /// </summary>
    /// <param name="workspaceId">The workspace.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="lowest">The empty disk, whose file is there.</param>
    /// <param name="diskGb">Size of both in GiB.</param>
    /// <param name="restored">The layer, whose file is there and sealed.</param>
    /// <param name="bytes">What its file takes.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    /// <returns>False when the workspace is gone, or has layers.</returns>
    public Task<bool> SetRestoredAsync(
        Guid workspaceId,
        string snapshotId,
        Guid lowest,
        int diskGb,
        Guid restored,
        long bytes,
        DateTimeOffset now,
        CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var workspace = await db.Workspaces.AsTracking().FirstOrDefaultAsync(row => row.Id == workspaceId);
                if (workspace is not { TopLayerId: null } || workspace.SnapshotId != snapshotId)
                {
                    return false;
                }

                db.Add(new LayerRow { Id = lowest, DiskGb = diskGb, CreatedAt = now });
                db.Add(new LayerRow
                {
                    Id = restored,
                    ParentId = lowest,
                    DiskGb = diskGb,
                    Bytes = bytes,
                    CreatedAt = now,
                });
                (workspace.TopLayerId, workspace.SyncedLayerId, workspace.Bytes) = (restored, restored, bytes);
                await db.SaveChangesAsync(CancellationToken.None);
                return true;
            },
            cancellationToken);

    /// <summary>Persistent workspaces that are whole in the object store and that no job uses, the longest unused first.</summary>
    public Task<IReadOnlyList<WorkspaceRow>> ListEvictableAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceRow>>(
            async db => await Evictable(db).OrderBy(row => row.LastUsedAt).ToListAsync(cancellationToken), cancellationToken);

    /// <summary>Forgets a workspace's layers on this node, unless they are not in the object store or a job uses it.</summary>
    /// <returns>Layers whose files nobody needs any more.</returns>
    public Task<IReadOnlyList<Guid>> EvictAsync(Guid workspaceId, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var workspace = await Evictable(db).AsTracking().FirstOrDefaultAsync(row => row.Id == workspaceId);
                return workspace is null ? [] : await ForgetLayersAsync(db, workspace);
            },
            cancellationToken);

    /// <summary>Forgets the layers of a workspace whose files are lost: its snapshot is what there is of it.</summary>
    /// <returns>Layers whose files nobody needs any more.</returns>
    public Task<IReadOnlyList<Guid>> FallBackAsync(Guid workspaceId, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var workspace = await db.Workspaces.AsTracking()
                    .FirstOrDefaultAsync(row => row.Id == workspaceId && row.SnapshotId != null);
                return workspace is null ? [] : await ForgetLayersAsync(db, workspace);
            },
            cancellationToken);

    /// <summary>Lets a workspace that is in the object store alone be another snapshot, unless a job uses it.</summary>
    /// <returns>Whether it is that now.</returns>
    public async Task<bool> GoBackAsync(
        Guid workspaceId, string from, string to, CancellationToken cancellationToken) =>
        await _database.WriteAsync(
            db => db.Workspaces
                .Where(row => row.Id == workspaceId && row.SnapshotId == from
                    && row.TopLayerId == null && row.OpenLayerId == null)
                .ExecuteUpdateAsync(row => row.SetProperty(workspace => workspace.SnapshotId, to)),
            cancellationToken) > 0;

    /// <summary>All workspaces, with the layers that each starts from, the lowest first.</summary>
    public Task<IReadOnlyList<WorkspaceLayers>> ListAsync(CancellationToken cancellationToken) =>
        _database.ReadWholeAsync<IReadOnlyList<WorkspaceLayers>>(
            async db =>
            {
                var parents = await db.Layers.ToDictionaryAsync(layer => layer.Id, layer => layer.ParentId, cancellationToken);
                var all = await db.Workspaces.ToListAsync(cancellationToken);
                return [.. all.Select(row => new WorkspaceLayers(row, Chain(parents, row.TopLayerId)))];
            },
            cancellationToken);

    private static async Task<Guid?> FindIdAsync(MagsDbContext db) =>
        await db.Settings.FirstOrDefaultAsync(row => row.Name == IdSetting) is { } found ? Guid.Parse(found.Value) : null;

    private static IQueryable<WorkspaceRow> Evictable(MagsDbContext db) => db.Workspaces.Where(row =>
        row.Persistent && row.TopLayerId != null && row.OpenLayerId == null
        && row.SnapshotId != null && row.SyncedAt != null && row.SyncedLayerId == row.TopLayerId
        && !db.Jobs.Any(job => job.UserId == row.UserId
            && (job.WorkspaceId == row.Name || job.BaseWorkspaceId == row.Name || job.Id == row.OwnerJobId)
            && !EF.Property<bool>(job, Jobs.JobTables.Ended)));

    private static async Task<IReadOnlyList<Guid>> ForgetLayersAsync(MagsDbContext db, WorkspaceRow workspace)
    {
        var top = workspace.OpenLayerId ?? workspace.TopLayerId;
        (workspace.TopLayerId, workspace.OpenLayerId, workspace.SyncedLayerId, workspace.Bytes) = (null, null, null, 0);
        await db.SaveChangesAsync(CancellationToken.None);
        return await LayerChains.ReleaseAsync(db, top);
    }

    private static List<Guid> Chain(Dictionary<Guid, Guid?> parents, Guid? top)
    {
        var chain = new List<Guid>();
        for (var next = top; next is { } id; next = parents[id])
        {
            chain.Insert(0, id);
        }

        return chain;
    }
}
