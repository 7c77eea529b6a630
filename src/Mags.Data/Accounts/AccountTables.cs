using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mags.Data.Accounts;

/// <summary>Tables of users and their tokens.</summary>
internal sealed class AccountTables : IEntityTypeConfiguration<UserRow>, IEntityTypeConfiguration<TokenRow>
{
    public void Configure(EntityTypeBuilder<UserRow> builder)
    {
        builder.ToTable("users");
        builder.Property(user => user.Id).ValueGeneratedNever();
        builder.HasIndex(user => user.Name, "ix_users_name").IsUnique();
    }

    public void Configure(EntityTypeBuilder<TokenRow> builder)
    {
        builder.ToTable("tokens");
        builder.Property(token => token.Id).ValueGeneratedNever();
        builder.HasIndex(token => token.Hash, "ix_tokens_hash").IsUnique();
        builder.HasIndex(token => token.UserId, "ix_tokens_user");
        builder.HasOne<UserRow>().WithMany().HasForeignKey(token => token.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
