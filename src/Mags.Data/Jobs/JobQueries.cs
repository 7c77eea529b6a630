using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Jobs;

/// <summary>
/// The reads of jobs, compiled once. Newer is what has the higher id: a clock that is set back must not reorder jobs,
/// and so their times do not count. Fields of an instance and not static: a compiled query belongs to one
/// provider's model.
/// </summary>
internal sealed class JobQueries
{
    public Func<MagsDbContext, Guid, Task<JobRow?>> ById { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid id) => db.Jobs.FirstOrDefault(job => job.Id == id));

    public Func<MagsDbContext, Guid, Task<JobInputRow?>> Input { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid id) => db.JobInputs.FirstOrDefault(input => input.JobId == id));

    /// <summary>
    /// A user's newest job of this name, of those that are active (neither), that wait (pending) or that have ended.
    /// </summary>
    public Func<MagsDbContext, Guid, string, bool, bool, Task<JobRow?>> ByName { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string name, bool isPending, bool isEnded) => db.Jobs
            .Where(job => job.UserId == userId && job.Name == name
                && EF.Property<bool>(job, JobTables.Ended) == isEnded
                && (job.State == JobState.Pending) == isPending)
            .OrderByDescending(job => job.Id)
            .FirstOrDefault());

    /// <summary>The same of a user's jobs in a workspace.</summary>
    public Func<MagsDbContext, Guid, string, bool, bool, Task<JobRow?>> ByWorkspace { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string workspaceId, bool isPending, bool isEnded) => db.Jobs
            .Where(job => job.UserId == userId && job.WorkspaceId == workspaceId
                && EF.Property<bool>(job, JobTables.Ended) == isEnded
                && (job.State == JobState.Pending) == isPending)
            .OrderByDescending(job => job.Id)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, Task<int>> Count { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId) => db.Users
            .Where(user => user.Id == userId)
            .Select(user => user.JobCount)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, int, int, IAsyncEnumerable<JobRow>> Page { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, int skip, int take) => db.Jobs
            .Where(job => job.UserId == userId)
            .OrderByDescending(job => job.Id)
            .Skip(skip).Take(take));

    public Func<MagsDbContext, Task<Guid?>> NewestId { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db) => db.Jobs.OrderByDescending(job => job.Id).Select(job => (Guid?)job.Id).FirstOrDefault());

    /// <summary>The states are written out because the index names them; see <see cref="JobTables"/>.</summary>
    public Func<MagsDbContext, IAsyncEnumerable<Guid>> Unfinished { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db) => db.Jobs
            .Where(job =>
                job.State == JobState.Pending || job.State == JobState.Running || job.State == JobState.Sleeping)
            .OrderBy(job => job.Id)
            .Select(job => job.Id));

    /// <summary>What a user's unfinished jobs take; null when there are none.</summary>
    public Func<MagsDbContext, Guid, Task<JobUsage?>> Usage { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId) => db.Jobs
            .Where(job => job.UserId == userId
                && (job.State == JobState.Pending || job.State == JobState.Running || job.State == JobState.Sleeping))
            .GroupBy(job => job.UserId)
            .Select(live => new JobUsage(
                live.Count(), live.Sum(job => job.Vcpus), live.Sum(job => job.MemoryMib)))
            .FirstOrDefault());
}
