using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Mags.Data.Accounts;

namespace Mags.Data.Jobs;

/// <summary>Tables of jobs, and the indices that keep look-ups independent of how many jobs there are.</summary>
internal sealed class JobTables : IEntityTypeConfiguration<JobRow>, IEntityTypeConfiguration<JobInputRow>
{
    /// <summary>
    /// Condition of the partial indices of active jobs. It must read as EF writes the condition of
    /// <see cref="JobQueries"/>, else SQLite does not recognise that an index serves the query.
    /// </summary>
    private const string Active = "\"state\" IN (0, 1, 4)";

    public void Configure(EntityTypeBuilder<JobRow> builder)
    {
        builder.ToTable("jobs");
        builder.Property(job => job.Id).ValueGeneratedNever();
        builder.HasOne<UserRow>().WithMany().HasForeignKey(job => job.UserId).OnDelete(DeleteBehavior.Restrict);

        // Id comes last in each: it breaks ties of equal times, and so no query has to sort.
        builder.HasIndex(job => new { job.UserId, job.CreatedAt, job.Id }, "ix_jobs_user");
        builder.HasIndex(job => new { job.UserId, job.Name, job.CreatedAt, job.Id }, "ix_jobs_name");
        builder.HasIndex(job => new { job.UserId, job.WorkspaceId, job.CreatedAt, job.Id }, "ix_jobs_workspace")
            .HasFilter("\"workspace_id\" IS NOT NULL");
        builder.HasIndex(job => new { job.UserId, job.Name, job.CreatedAt, job.Id }, "ix_jobs_active_name")
            .HasFilter(Active);
        builder.HasIndex(job => new { job.UserId, job.WorkspaceId, job.CreatedAt, job.Id }, "ix_jobs_active_workspace")
            .HasFilter($"\"workspace_id\" IS NOT NULL AND {Active}");
        builder.HasIndex(job => new { job.CreatedAt, job.Id }, "ix_jobs_unfinished").HasFilter(Active);
    }

    public void Configure(EntityTypeBuilder<JobInputRow> builder)
    {
        builder.ToTable("job_inputs");
        builder.HasKey(input => input.JobId);
        builder.Property(input => input.JobId).ValueGeneratedNever();
        builder.HasOne<JobRow>().WithOne().HasForeignKey<JobInputRow>(input => input.JobId)
            .OnDelete(DeleteBehavior.Cascade);
    }
}
