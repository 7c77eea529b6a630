using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>
/// Which object store the workspaces of this database are in: what it knows of them is true of no other. A fault of the
/// database is a <see cref="DatabaseException"/>.
/// </summary>
public sealed class StoreBinding
{
    private const string Setting = "object_store_id";

    private readonly Database _database;

    internal StoreBinding(Database database)
    {
        _database = database;
    }

    /// <summary>Id of the store; null before its first use.</summary>
    public Task<Guid?> GetAsync(CancellationToken cancellationToken) => _database.ReadAsync(FindAsync, cancellationToken);

    /// <summary>
    /// Notes the store in use. Where it is not the one before, what this node has of workspaces is synced no more: all of it
    /// has to be sent.
    /// </summary>
    /// <returns>How many workspaces that concerns.</returns>
    public Task<int> SetAsync(Guid store, CancellationToken cancellationToken) => _database.WriteAsync(
        async db =>
        {
            if (await FindAsync(db) is not { } former)
            {
                db.Add(new SettingRow { Name = Setting, Value = store.ToString() });
                await db.SaveChangesAsync(CancellationToken.None);
                return 0;
            }

            if (former == store)
            {
                return 0;
            }

            await db.Settings.Where(row => row.Name == Setting)
                .ExecuteUpdateAsync(row => row.SetProperty(setting => setting.Value, store.ToString()));
            return await db.Workspaces.Where(row => row.TopLayerId != null && row.SnapshotId != null)
                .ExecuteUpdateAsync(row => row
                    .SetProperty(workspace => workspace.SnapshotId, (string?)null)
                    .SetProperty(workspace => workspace.SyncedLayerId, (Guid?)null)
                    .SetProperty(workspace => workspace.SyncedAt, (DateTimeOffset?)null));
        },
        cancellationToken);

    private static async Task<Guid?> FindAsync(MagsDbContext db) =>
        await db.Settings.AsNoTracking().FirstOrDefaultAsync(row => row.Name == Setting) is { } found ? Guid.Parse(found.Value) : null;
}
