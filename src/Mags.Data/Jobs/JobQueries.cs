using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Jobs;

/// <summary>
/// The reads of jobs, compiled once. Fields of an instance and not static: a compiled query belongs to one
/// provider's model.
/// </summary>
/// <remarks>
/// The states are written out in each query because the partial indices name them; see <see cref="JobTables"/>.
/// </remarks>
internal sealed class JobQueries
{
    public Func<MagsDbContext, Guid, Task<JobRow?>> ById { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid id) => db.Jobs.FirstOrDefault(job => job.Id == id));

    public Func<MagsDbContext, Guid, Task<JobInputRow?>> Input { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid id) => db.JobInputs.FirstOrDefault(input => input.JobId == id));

    public Func<MagsDbContext, Guid, string, Task<JobRow?>> ActiveByName { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string name) => db.Jobs
            .Where(job => job.UserId == userId && job.Name == name
                && (job.State == JobState.Pending || job.State == JobState.Running || job.State == JobState.Sleeping))
            .OrderByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, string, Task<JobRow?>> ActiveByWorkspace { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string workspaceId) => db.Jobs
            .Where(job => job.UserId == userId && job.WorkspaceId == workspaceId
                && (job.State == JobState.Pending || job.State == JobState.Running || job.State == JobState.Sleeping))
            .OrderByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, string, Task<JobRow?>> NewestByName { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string name) => db.Jobs
            .Where(job => job.UserId == userId && job.Name == name)
            .OrderByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, string, Task<JobRow?>> NewestByWorkspace { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string workspaceId) => db.Jobs
            .Where(job => job.UserId == userId && job.WorkspaceId == workspaceId)
            .OrderByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, Task<int>> Count { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId) => db.Jobs.Count(job => job.UserId == userId));

    public Func<MagsDbContext, Guid, int, int, IAsyncEnumerable<JobRow>> Page { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, int skip, int take) => db.Jobs
            .Where(job => job.UserId == userId)
            .OrderByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .Skip(skip).Take(take));

    public Func<MagsDbContext, IAsyncEnumerable<Guid>> Unfinished { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db) => db.Jobs
            .Where(job =>
                job.State == JobState.Pending || job.State == JobState.Running || job.State == JobState.Sleeping)
            .OrderBy(job => job.CreatedAt).ThenBy(job => job.Id)
            .Select(job => job.Id));
}
