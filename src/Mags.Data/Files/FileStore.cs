using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Files;

/// <summary>
/// Uploaded files in the database; jobs claim them when they are added. Putting and removing their contents is the
/// caller's. A fault of the database is a <see cref="DatabaseException"/>.
/// </summary>
public sealed class FileStore
{
    private readonly Database _database;

    internal FileStore(Database database)
    {
        _database = database;
    }

    /// <summary>Adds a file, whose content must be in the object store already. Durable when it returns.</summary>
    public Task AddAsync(FileRow file, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                db.Add(file);
                return await db.SaveChangesAsync(CancellationToken.None);
            },
            cancellationToken);

    /// <summary>Those of these files that there are, in no certain order, whosever they are.</summary>
    public Task<IReadOnlyList<FileRow>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<FileRow>>(
            async db => await db.Files.Where(file => ids.Contains(file.Id)).ToListAsync(cancellationToken),
            cancellationToken);

    /// <summary>
    /// Removes files that were last used before a time, the longest unused first, but none that an unfinished job names. One
    /// that a job is just being added with is not removed, or not found by that job.
    /// </summary>
    /// <param name="before">The time.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Takes it back while it waits.</param>
    /// <returns>Their ids.</returns>
    public Task<IReadOnlyList<Guid>> ExpireAsync(DateTimeOffset before, int most, CancellationToken cancellationToken) =>
        _database.WriteAsync<IReadOnlyList<Guid>>(
            async db =>
            {
                var inUse = await InUseAsync(db);
                var expired = await db.Files
                    .Where(file => file.LastUsedAt < before)
                    .OrderBy(file => file.LastUsedAt)
                    .Select(file => file.Id)
                    .ToListAsync();
                var removed = new List<Guid>();
                foreach (var id in expired.Where(id => !inUse.Contains(id)).Take(most))
                {
                    // Asked again: a job may have taken it meanwhile.
                    if (await db.Files.Where(file => file.Id == id && file.LastUsedAt < before).ExecuteDeleteAsync() > 0)
                    {
                        removed.Add(id);
                    }
                }

                return removed;
            },
            cancellationToken);

    private static async Task<HashSet<Guid>> InUseAsync(MagsDbContext db)
    {
        // The states are written out because the index names them; see JobTables.
        var named = await db.Jobs
            .Where(job => job.State == Jobs.JobState.Pending || job.State == Jobs.JobState.Running
                || job.State == Jobs.JobState.Sleeping)
            .Join(db.JobInputs, job => job.Id, input => input.JobId, (_, input) => input.FileIdsJson)
            .Where(ids => ids != null)
            .ToListAsync();
        return [.. named.SelectMany(FileIds.Read)];
    }
}
