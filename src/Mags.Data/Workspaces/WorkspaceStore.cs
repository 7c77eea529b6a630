using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>
/// Workspaces in the database. What they keep is in <see cref="LayerStore"/> and <see cref="SnapshotStore"/>. A fault of the
/// database is a <see cref="DatabaseException"/>.
/// </summary>
public sealed class WorkspaceStore
{
    private readonly Database _database;

    internal WorkspaceStore(Database database)
    {
        _database = database;
    }

    /// <summary>A user's workspace; null when there is none of that name.</summary>
    public Task<WorkspaceRow?> FindAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.ReadAsync(db => FindAsync(db.Workspaces, userId, name), cancellationToken);

    /// <summary>A user's workspaces by name, with whether a job is active in each.</summary>
    public Task<IReadOnlyList<WorkspaceSummary>> ListAsync(Guid userId, CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceSummary>>(
            async db => await Summaries(db, db.Workspaces
                    .Where(workspace => workspace.UserId == userId && workspace.OwnerJobId == null)
                    .OrderBy(workspace => workspace.Name))
                .ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>Those of a user's workspaces of these names that are kept in the object store, also the own disks of jobs.</summary>
    public Task<IReadOnlyList<WorkspaceSummary>> ListPersistentAsync(
        Guid userId, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceSummary>>(
            async db => await Summaries(db, db.Workspaces.Where(workspace =>
                    workspace.UserId == userId && workspace.Persistent && names.Contains(workspace.Name)))
                .ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>A user's workspace as lists show it; null when there is none of that name.</summary>
    public Task<WorkspaceSummary?> ShowAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.ReadAsync(
            db => Summaries(db, db.Workspaces.Where(workspace =>
                    workspace.UserId == userId && workspace.Name == name && workspace.OwnerJobId == null))
                .FirstOrDefaultAsync(cancellationToken),
            cancellationToken);

    /// <summary>Makes a workspace that starts from what another was when it was last sealed.</summary>
    /// <returns>Why it was not made; null when it was.</returns>
    public Task<WorkspaceRefusal?> ForkAsync(
        Guid userId, string name, string from, DateTimeOffset now, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                if (await FindAsync(db.Workspaces, userId, name) is not null)
                {
                    return new WorkspaceRefusal(WorkspaceRefusalKind.Exists, name, "");
                }

                if (await FindAsync(db.Workspaces.AsTracking(), userId, from) is not { } forked)
                {
                    return new WorkspaceRefusal(WorkspaceRefusalKind.NoBase, from, "");
                }

                forked.LastUsedAt = now;
                db.Add(WorkspaceRow.ForkOf(forked, name, now));
                await db.SaveChangesAsync(CancellationToken.None);
                return null;
            },
            cancellationToken);

    /// <summary>Makes a local workspace of a disk from elsewhere.</summary>
    /// <returns>Why it was not made; null when it was.</returns>
    public Task<WorkspaceRefusal?> ImportAsync(
        Guid userId, string name, ImportedDisk disk, DateTimeOffset now, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                if (await FindAsync(db.Workspaces, userId, name) is not null)
                {
                    return new WorkspaceRefusal(WorkspaceRefusalKind.Exists, name, "");
                }

                db.Add(new LayerRow { Id = disk.Lowest, DiskGb = disk.DiskGb, CreatedAt = now });
                db.Add(new LayerRow
                {
                    Id = disk.Layer,
                    ParentId = disk.Lowest,
                    DiskGb = disk.DiskGb,
                    Bytes = disk.Bytes,
                    CreatedAt = now,
                });
                db.Add(new WorkspaceRow
                {
                    Id = Guid.CreateVersion7(),
                    UserId = userId,
                    Name = name,
                    Image = disk.Image,
                    ImageDigest = disk.ImageDigest,
                    DiskGb = disk.DiskGb,
                    TopLayerId = disk.Layer,
                    Bytes = disk.Bytes,
                    CreatedAt = now,
                    LastUsedAt = now,
                });
                await db.SaveChangesAsync(CancellationToken.None);
                return null;
            },
            cancellationToken);

    /// <summary>Sets how large a workspace's disk is from its next job on.</summary>
    /// <returns>Why it was not set; null when it was.</returns>
    public Task<WorkspaceRefusal?> ResizeAsync(
        Guid userId, string name, int diskGb, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                if (await FindAsync(db.Workspaces.AsTracking(), userId, name) is not { } workspace)
                {
                    return new WorkspaceRefusal(WorkspaceRefusalKind.Missing, name, "");
                }

                if (diskGb < workspace.DiskGb)
                {
                    return new WorkspaceRefusal(
                        WorkspaceRefusalKind.Larger, name, workspace.DiskGb.ToString(CultureInfo.InvariantCulture));
                }

                workspace.DiskGb = diskGb;
                await db.SaveChangesAsync(CancellationToken.None);
                return null;
            },
            cancellationToken);

    /// <summary>What a base's readers start from: its newest sealed layers, the lowest first.</summary>
    /// <returns>Null when there is no such workspace any more.</returns>
    public Task<WorkspaceLayers?> ReadAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.ReadWholeAsync(
            async db =>
            {
                if (await FindAsync(db.Workspaces, userId, name) is not { } workspace)
                {
                    return null;
                }

                var chain = await LayerChains.ListAsync(db, workspace.TopLayerId);
                return new WorkspaceLayers(workspace, [.. chain.Select(layer => layer.Id)])
                {
                    DiskGb = chain.Count == 0 ? 0 : chain[^1].DiskGb,
                };
            },
            cancellationToken);

    /// <summary>Notes the image that a workspace belongs to from now on.</summary>
    public Task SetImageAsync(Guid workspaceId, string digest, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            db => db.Workspaces.Where(workspace => workspace.Id == workspaceId)
                .ExecuteUpdateAsync(row => row.SetProperty(workspace => workspace.ImageDigest, digest)),
            cancellationToken);

    /// <summary>Deletes a workspace unless jobs are active in it, with those of its layers that nothing else needs.</summary>
    public Task<WorkspaceDeletion> DeleteAsync(Guid userId, string name, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                await db.LockUserAsync(userId);
                var active = await ActiveJobs(db, userId, name).CountAsync(CancellationToken.None);
                if (active > 0 || await FindAsync(db.Workspaces.AsTracking(), userId, name) is not { } workspace)
                {
                    return new WorkspaceDeletion(active > 0, active, [], null);
                }

                db.Remove(workspace);
                await db.SaveChangesAsync(CancellationToken.None);
                return new WorkspaceDeletion(
                    true,
                    0,
                    await LayerChains.ReleaseAsync(db, workspace.OpenLayerId ?? workspace.TopLayerId),
                    workspace.Persistent ? workspace.Id : null);
            },
            cancellationToken);

    /// <summary>Whether a user of this name has a persistent workspace of this name.</summary>
    public Task<bool> IsStoredAsync(string user, string name, CancellationToken cancellationToken) =>
        _database.ReadAsync(
            db => db.Workspaces.AnyAsync(
                workspace => workspace.Name == name && workspace.Persistent
                    && db.Users.Any(row => row.Id == workspace.UserId && row.Name == user),
                cancellationToken),
            cancellationToken);

    /// <summary>Workspaces that users named, that are not persistent and that nobody used since.</summary>
    public Task<IReadOnlyList<WorkspaceRow>> ListIdleAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<WorkspaceRow>>(
            async db => await db.Workspaces
                .Where(workspace => !workspace.Persistent && workspace.OwnerJobId == null && workspace.LastUsedAt < since)
                .ToListAsync(cancellationToken),
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
                    released.AddRange(await LayerChains.ReleaseAsync(db, workspace.OpenLayerId ?? workspace.TopLayerId));
                }

                return (IReadOnlyList<Guid>)released;
            },
            cancellationToken);

    private static IQueryable<WorkspaceSummary> Summaries(MagsDbContext db, IQueryable<WorkspaceRow> workspaces) =>
        workspaces.Select(workspace => new WorkspaceSummary(
            workspace,
            db.Jobs.Any(job =>
                job.UserId == workspace.UserId
                && job.WorkspaceId == workspace.Name
                && !EF.Property<bool>(job, Jobs.JobTables.Ended)),
            db.Layers.Where(layer => layer.Id == workspace.OpenLayerId).Select(layer => layer.ParentId).FirstOrDefault()));

    private static IQueryable<Jobs.JobRow> ActiveJobs(MagsDbContext db, Guid userId, string name) => db.Jobs
        .Where(job => job.UserId == userId && job.WorkspaceId == name && !EF.Property<bool>(job, Jobs.JobTables.Ended));

    internal static Task<WorkspaceRow?> FindAsync(IQueryable<WorkspaceRow> workspaces, Guid userId, string name) =>
        workspaces.FirstOrDefaultAsync(workspace => workspace.UserId == userId && workspace.Name == name);
}
