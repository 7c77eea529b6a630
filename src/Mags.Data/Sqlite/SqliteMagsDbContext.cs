using Mags.Data.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Sqlite;

/// <summary>The tables on SQLite.</summary>
internal sealed class SqliteMagsDbContext(DbContextOptions<SqliteMagsDbContext> options) : MagsDbContext(options)
{
    /// <summary>No lock needed: the transaction began as a writing one, and there is one writer.</summary>
    public override Task<JobRow?> LockJobAsync(Guid id) =>
        Jobs.AsTracking().FirstOrDefaultAsync(job => job.Id == id);

    /// <summary>Nothing to do, for the same reason.</summary>
    public override Task LockUserAsync(Guid id) => Task.CompletedTask;

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMicrosecondsConverter>();
        configurationBuilder.Properties<Guid>().HaveConversion<GuidBytesConverter>();
    }
}
