using Mags.Data.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Postgres;

/// <summary>The tables on PostgreSQL.</summary>
internal sealed class PostgresMagsDbContext(DbContextOptions<PostgresMagsDbContext> options) : MagsDbContext(options)
{
    /// <summary>Locks the row: other nodes write too.</summary>
    public override Task<JobRow?> LockJobAsync(Guid id) =>
        Jobs.FromSql($"SELECT * FROM jobs WHERE id = {id} FOR UPDATE").AsTracking().SingleOrDefaultAsync();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
}
