using Mags.Data.Files;
using Mags.Data.Workspaces;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Jobs;

/// <summary>Jobs in the database. A fault of the database is a <see cref="DatabaseException"/>.</summary>
public sealed class JobStore
{
    private readonly Database _database;
    private readonly JobQueries _queries = new();

    internal JobStore(Database database)
    {
        _database = database;
    }

    /// <summary>
    /// Adds a job with its input, unless its user would then be over a limit, or its workspace or files cannot be had.
    /// Durable when it returns.
    /// </summary>
    /// <param name="job">The job. What it takes from its workspace is set in it.</param>
    /// <param name="input">Its script, environment and files.</param>
    /// <param name="quota">The user's limits; kept however many are added at once.</param>
    /// <param name="wish">Its workspace; null for none.</param>
    /// <param name="cancellationToken">
    /// Takes the write back while it waits; once it has begun it is carried out and told as it went.
    /// </param>
    /// <returns>What kept it out; null when it was added.</returns>
    public Task<JobRefusal?> AddAsync(
        JobRow job, JobInputRow input, JobQuota quota, WorkspaceWish? wish, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var refusal = await ExcessAsync(db, job, quota)
                    ?? (wish is null ? null : await new WorkspaceClaims(db, job, wish).TakeAsync())
                    ?? await new FileClaims(db, job, input).TakeAsync();
                if (refusal is null)
                {
                    db.Add(job);
                    db.Add(input);
                    await db.SaveChangesAsync(CancellationToken.None);
                    await db.Users.Where(user => user.Id == job.UserId).ExecuteUpdateAsync(
                        user => user.SetProperty(row => row.JobCount, row => row.JobCount + 1));
                }

                return refusal;
            },
            cancellationToken);

    /// <summary>Adds a job that wants no workspace.</summary>
    public Task<JobRefusal?> AddAsync(
        JobRow job, JobInputRow input, JobQuota quota, CancellationToken cancellationToken) =>
        AddAsync(job, input, quota, null, cancellationToken);

    /// <summary>The job of this id, whosever it is; null when there is none.</summary>
    public Task<JobRow?> GetAsync(Guid id, CancellationToken cancellationToken) =>
        _database.ReadAsync(db => _queries.ById(db, id), cancellationToken);

    /// <summary>The script and environment of this job; null when there is none.</summary>
    public Task<JobInputRow?> GetInputAsync(Guid id, CancellationToken cancellationToken) =>
        _database.ReadAsync(db => _queries.Input(db, id), cancellationToken);

    /// <summary>
    /// A user's job by request id, name or workspace id. An id comes first. A name or workspace means its running or
    /// sleeping job, else its newest; of several running ones the newest.
    /// </summary>
    /// <returns>Null when there is none, and when it is another user's.</returns>
    public async Task<JobRow?> FindAsync(Guid userId, string idOrName, CancellationToken cancellationToken)
    {
        if (Guid.TryParseExact(idOrName, "D", out var id)
            && await GetAsync(id, cancellationToken) is { } job && job.UserId == userId)
        {
            return job;
        }

        // In one view: a job that goes from one state to the next must not slip through between two seeks.
        return await _database.ReadWholeAsync(db => FindByNameAsync(db, userId, idOrName), cancellationToken);
    }

    /// <summary>One page of a user's jobs, newest first.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="page">Number of the page, from 1. Past the end it is empty.</param>
    /// <param name="pageSize">Jobs a page, at least 1.</param>
    /// <param name="cancellationToken">Gives up the read.</param>
    public Task<JobPage> ListAsync(Guid userId, int page, int pageSize, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(page, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        return _database.ReadAsync(db => ListAsync(db, userId, page, pageSize, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Reads a job, changes it and writes it, in one transaction: no other change comes between. Durable when it
    /// returns.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="change">
    /// Sets what changes. It runs inside the transaction that other writes wait for: it must be quick and must not
    /// wait for anything. What it throws reaches the caller, and nothing is written.
    /// </param>
    /// <param name="cancellationToken">Takes the write back while it waits, as when a job is added.</param>
    /// <returns>The job as written; null when there is none of this id.</returns>
    public Task<JobRow?> UpdateAsync(Guid id, Action<JobRow> change, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                var job = await db.LockJobAsync(id);
                if (job is null)
                {
                    return null;
                }

                change(job);
                await db.SaveChangesAsync(CancellationToken.None);
                return job;
            },
            cancellationToken);

    /// <summary>The highest id that a job has; null when there are no jobs.</summary>
    public Task<Guid?> GetNewestIdAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync(db => _queries.NewestId(db), cancellationToken);

    /// <summary>Ids of all jobs that have not reached a final state, sleeping ones too; oldest first.</summary>
    public Task<IReadOnlyList<Guid>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<Guid>>(
            async db => await _queries.Unfinished(db).ToListAsync(cancellationToken),
            cancellationToken);

    private async Task<JobRefusal?> ExcessAsync(MagsDbContext db, JobRow job, JobQuota quota)
    {
        if (quota is { Jobs: null, Vcpus: null, MemoryMib: null })
        {
            return null;
        }

        await db.LockUserAsync(job.UserId);
        return (await _queries.Usage(db, job.UserId) ?? new JobUsage(0, 0, 0)).Excess(quota, job);
    }

    private async Task<JobRow?> FindByNameAsync(MagsDbContext db, Guid userId, string name)
    {
        // A seek each, as one query would have to sort all jobs of the name.
        return await FindAsync(isPending: false, isEnded: false)
            ?? Newer(await FindAsync(isPending: true, isEnded: false), await FindAsync(isPending: false, isEnded: true));

        async Task<JobRow?> FindAsync(bool isPending, bool isEnded) => Newer(
            await _queries.ByName(db, userId, name, isPending, isEnded),
            await _queries.ByWorkspace(db, userId, name, isPending, isEnded));
    }

    private async Task<JobPage> ListAsync(
        MagsDbContext db, Guid userId, int page, int pageSize, CancellationToken cancellationToken)
    {
        var total = await _queries.Count(db, userId);
        var skip = (page - 1L) * pageSize;
        if (skip >= total)
        {
            return new JobPage([], total);
        }

        var jobs = await _queries.Page(db, userId, (int)skip, pageSize).ToListAsync(cancellationToken);
        return new JobPage(jobs, total);
    }

    /// <summary>The one that was accepted later.</summary>
    private static JobRow? Newer(JobRow? one, JobRow? other) =>
        one is null || other?.Id.CompareTo(one.Id) > 0 ? other : one;
}
