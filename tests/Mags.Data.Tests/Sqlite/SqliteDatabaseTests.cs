using Mags.Data.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Mags.Data.Tests.Sqlite;

public sealed class SqliteDatabaseTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    [InlineData("foreign_keys", "1")]
    [InlineData("busy_timeout", "5000")]
    public async Task WriteAsync_Connection_IsSetToBeDurable(string pragma, string value)
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);

        var found = await database.Database.WriteAsync(
            async db =>
            {
                await using var command = db.Database.GetDbConnection().CreateCommand();
                command.Transaction = db.Database.CurrentTransaction!.GetDbTransaction();
#pragma warning disable CA2100 // A name from this file.
                command.CommandText = $"PRAGMA {pragma}";
#pragma warning restore CA2100
                return Convert.ToString(await command.ExecuteScalarAsync(RunToken), provider: null);
            },
            RunToken);

        Assert.Equal(value, found);
    }

    [Fact]
    public async Task MigrateAsync_NewFile_IsForItsOwnerAlone()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        await database.AddUserAsync();

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner, new FileInfo(database.File).UnixFileMode);
        Assert.Equal(Owner, new FileInfo(database.File + "-wal").UnixFileMode);
    }

    [Fact]
    public async Task MigrateAsync_LockOfAKilledProcess_IsRemoved()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        await using (var db = database.Database.CreateMigrating())
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00+00:00');
                """,
                RunToken);
        }

        // Without the removal it would wait for ever.
        await database.Migrator.MigrateAsync(RunToken).WaitAsync(TimeSpan.FromSeconds(30), RunToken);

        Assert.NotEqual(Guid.Empty, await database.AddUserAsync());
    }

    [Fact]
    public async Task DisposeAsync_LastConnection_FoldsTheLogIntoTheFile()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        await database.AddUserAsync();
        Assert.True(File.Exists(database.File + "-wal"));

        await database.Database.DisposeAsync();

        Assert.False(File.Exists(database.File + "-wal"));
    }
}
