using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Mags.Data.Postgres;

/// <summary>For <c>dotnet ef</c> only; it connects to nothing.</summary>
internal sealed class PostgresDesignTimeFactory : IDesignTimeDbContextFactory<PostgresMagsDbContext>
{
    public PostgresMagsDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresMagsDbContext>().UseNpgsql("Host=localhost").Options);
}
