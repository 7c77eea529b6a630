using Mags.Data.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mags.Data.Jobs;

/// <summary>Tables of jobs, and the indices that keep look-ups independent of how many jobs there are.</summary>
internal sealed class JobTables : IEntityTypeConfiguration<JobRow>, IEntityTypeConfiguration<JobInputRow>
{
    /// <summary>Column that the database keeps itself: whether the job has reached a final state.</summary>
    public const string Ended = "Ended";

    public void Configure(EntityTypeBuilder<JobRow> builder)
    {
        builder.ToTable("jobs");
        builder.Property(job => job.Id).ValueGeneratedNever();
        builder.HasOne<UserRow>().WithMany().HasForeignKey(job => job.UserId).OnDelete(DeleteBehavior.Restrict);

        // Part of indices, so that "the active one, else the newest" is one seek. EF neither writes nor reads it back.
        var ended = builder.Property<bool>(Ended).HasComputedColumnSql("state IN (2, 3)", stored: true)
            .ValueGeneratedNever().Metadata;
        ended.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore);
        ended.SetAfterSaveBehavior(PropertySaveBehavior.Ignore);

        // Id comes last in each: it is the order of acceptance, and so no query has to sort.
        builder.HasIndex([nameof(JobRow.UserId), nameof(JobRow.Id)], "ix_jobs_user");
        builder.HasIndex(
                [nameof(JobRow.UserId), nameof(JobRow.Name), Ended, nameof(JobRow.Id)],
                "ix_jobs_name")
            .IsDescending(false, false, false, true);
        builder.HasIndex(
                [nameof(JobRow.UserId), nameof(JobRow.WorkspaceId), Ended, nameof(JobRow.Id)],
                "ix_jobs_workspace")
            .IsDescending(false, false, false, true)
            .HasFilter("workspace_id IS NOT NULL");

        // The condition reads as EF writes that of the query, else SQLite does not see that it serves.
        const string unfinished = "state IN (0, 1, 4)";
        builder.HasIndex([nameof(JobRow.Id)], "ix_jobs_unfinished").HasFilter(unfinished);

        // Holds all that a user's quota is counted over, so that no row is read for it.
        builder.HasIndex(
                [nameof(JobRow.UserId), nameof(JobRow.State), nameof(JobRow.Vcpus), nameof(JobRow.MemoryMib)],
                "ix_jobs_usage")
            .HasFilter(unfinished);
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
