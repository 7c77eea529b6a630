using Mags.Data.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mags.Data.Files;

/// <summary>Table of uploaded files.</summary>
internal sealed class FileTables : IEntityTypeConfiguration<FileRow>
{
    public void Configure(EntityTypeBuilder<FileRow> builder)
    {
        builder.ToTable("files");
        builder.Property(file => file.Id).ValueGeneratedNever();
        builder.HasOne<UserRow>().WithMany().HasForeignKey(file => file.UserId).OnDelete(DeleteBehavior.Restrict);

        // Those that expire are found by it.
        builder.HasIndex([nameof(FileRow.LastUsedAt)], "ix_files_used");
    }
}
