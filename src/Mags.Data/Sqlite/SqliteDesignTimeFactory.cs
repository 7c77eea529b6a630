using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Mags.Data.Sqlite;

/// <summary>For <c>dotnet ef</c> only; it opens nothing.</summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteMagsDbContext>
{
    public SqliteMagsDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteMagsDbContext>().UseSqlite("Data Source=design.db").Options);
}
