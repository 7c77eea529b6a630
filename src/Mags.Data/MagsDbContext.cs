using Mags.Data.Accounts;
using Mags.Data.Files;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data;

/// <summary>The tables. Each provider derives its own, so that each has its own migrations.</summary>
internal abstract class MagsDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<JobRow> Jobs => Set<JobRow>();

    public DbSet<JobInputRow> JobInputs => Set<JobInputRow>();

    public DbSet<WorkspaceRow> Workspaces => Set<WorkspaceRow>();

    public DbSet<LayerRow> Layers => Set<LayerRow>();

    public DbSet<FileRow> Files => Set<FileRow>();

    public DbSet<SettingRow> Settings => Set<SettingRow>();

    public DbSet<UserRow> Users => Set<UserRow>();

    public DbSet<TokenRow> Tokens => Set<TokenRow>();

    /// <summary>A tracked job that nobody else can change until the transaction ends; null when there is none.</summary>
    public abstract Task<JobRow?> LockJobAsync(Guid id);

    /// <summary>Keeps others from counting this user's jobs until the transaction ends.</summary>
    public abstract Task LockUserAsync(Guid id);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var jobs = new JobTables();
        modelBuilder.ApplyConfiguration<JobRow>(jobs);
        modelBuilder.ApplyConfiguration<JobInputRow>(jobs);
        var workspaces = new WorkspaceTables();
        modelBuilder.ApplyConfiguration<WorkspaceRow>(workspaces);
        modelBuilder.ApplyConfiguration<LayerRow>(workspaces);
        modelBuilder.ApplyConfiguration(new FileTables());
        modelBuilder.Entity<SettingRow>().ToTable("settings").HasKey(setting => setting.Name);
        var accounts = new AccountTables();
        modelBuilder.ApplyConfiguration<UserRow>(accounts);
        modelBuilder.ApplyConfiguration<TokenRow>(accounts);
        NameColumns(modelBuilder);
    }

    /// <summary>Columns in snake_case: PostgreSQL's users can write them without quotes.</summary>
    private static void NameColumns(ModelBuilder modelBuilder)
    {
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(type => type.GetProperties()))
        {
            var name = property.Name.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}");
            property.SetColumnName(string.Concat(name).ToLowerInvariant());
        }
    }
}
