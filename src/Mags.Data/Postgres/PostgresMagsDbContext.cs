using Mags.Data.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Postgres;

/// <summary>The tables on PostgreSQL.</summary>
internal sealed class PostgresMagsDbContext(DbContextOptions<PostgresMagsDbContext> options) : MagsDbContext(options)
{
    /// <summary>Locks the row: other nodes write too.</summary>
    public override Task<JobRow?> LockJobAsync(Guid id) =>
        Jobs.FromSql($"SELECT * FROM jobs WHERE id = {id} FOR UPDATE").AsTracking().SingleOrDefaultAsync();

    /// <summary>Locks the user's row; jobs that refer to it can be changed meanwhile.</summary>
    public override Task LockUserAsync(Guid id) =>
        Database.ExecuteSqlAsync($"SELECT 1 FROM users WHERE id = {id} FOR NO KEY UPDATE");

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
}
