using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Jobs;

/// <summary>
/// The reads of jobs, compiled once. Fields of an instance and not static: a compiled query belongs to one
/// provider's model.
/// </summary>
internal sealed class JobQueries
{
    public Func<MagsDbContext, Guid, Task<JobRow?>> ById { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid id) => db.Jobs.FirstOrDefault(job => job.Id == id));

    public Func<MagsDbContext, Guid, Task<JobInputRow?>> Input { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid id) => db.JobInputs.FirstOrDefault(input => input.JobId == id));

    /// <summary>A user's active job of this name, else the newest.</summary>
    public Func<MagsDbContext, Guid, string, Task<JobRow?>> ByName { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string name) => db.Jobs
            .Where(job => job.UserId == userId && job.Name == name)
            .OrderBy(job => EF.Property<bool>(job, JobTables.Ended))
            .ThenByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .FirstOrDefault());

    /// <summary>A user's active job in this workspace, else the newest.</summary>
    public Func<MagsDbContext, Guid, string, Task<JobRow?>> ByWorkspace { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, string workspaceId) => db.Jobs
            .Where(job => job.UserId == userId && job.WorkspaceId == workspaceId)
            .OrderBy(job => EF.Property<bool>(job, JobTables.Ended))
            .ThenByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .FirstOrDefault());

    public Func<MagsDbContext, Guid, Task<int>> Count { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId) => db.Jobs.Count(job => job.UserId == userId));

    public Func<MagsDbContext, Guid, int, int, IAsyncEnumerable<JobRow>> Page { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db, Guid userId, int skip, int take) => db.Jobs
            .Where(job => job.UserId == userId)
            .OrderByDescending(job => job.CreatedAt).ThenByDescending(job => job.Id)
            .Skip(skip).Take(take));

    /// <summary>The states are written out because the index names them; see <see cref="JobTables"/>.</summary>
    public Func<MagsDbContext, IAsyncEnumerable<Guid>> Unfinished { get; } = EF.CompileAsyncQuery(
        (MagsDbContext db) => db.Jobs
            .Where(job =>
                job.State == JobState.Pending || job.State == JobState.Running || job.State == JobState.Sleeping)
            .OrderBy(job => job.CreatedAt).ThenBy(job => job.Id)
            .Select(job => job.Id));
}
