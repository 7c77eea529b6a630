using Mags.Data.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests;

public sealed class DatabaseMigratorTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task MigrateAsync_EmptyDatabase_AppliesAllAndAgainNothing(string provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, postgres);

        await database.Migrator.MigrateAsync(RunToken);
        await database.AddUserAsync();
        await database.Migrator.MigrateAsync(RunToken);

        await using var db = database.Database.CreateMigrating();
        Assert.Equal(db.Database.GetMigrations(), await db.Database.GetAppliedMigrationsAsync(RunToken));
        Assert.Equal(1, await db.Users.CountAsync(RunToken));
    }

    [Theory, EachDatabase]
    public async Task MigrateAsync_ManyProcessesAtOnce_AllSucceed(string provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, postgres);
        var migrators = Enumerable.Range(0, 4)
            .Select(_ => database.OpenAgain().GetRequiredService<DatabaseMigrator>())
            .ToList();

        await Task.WhenAll(migrators.Select(migrator => Task.Run(() => migrator.MigrateAsync(RunToken), RunToken)));

        Assert.NotEqual(Guid.Empty, await database.AddUserAsync());
    }

    [Theory, EachDatabase]
    public async Task MigrateAsync_NewerDatabase_IsRefusedWithASentence(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        await using (var db = database.Database.CreateMigrating())
        {
            await db.Database.ExecuteSqlAsync(
                $"""INSERT INTO "__EFMigrationsHistory" VALUES ('99990101000000_Later', '99.0.0')""", RunToken);
        }

        var fault = await Assert.ThrowsAsync<DatabaseException>(() => database.Migrator.MigrateAsync(RunToken));

        Assert.Equal(DatabaseFault.NewerVersion, fault.Reason);
        Assert.Equal(
            $"A newer version of Mags wrote the database {database.Database.Name} (this one does not know its change "
            + "'99990101000000_Later'). Start that version, or use another database.",
            fault.Message);
    }

    [Theory, EachDatabase]
    public async Task MigrateAsync_DatabaseOfBeforeJobsWereCounted_CountsThem(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var (ada, bob) = (await database.AddUserAsync(), await database.AddUserAsync("bob"));
        await database.AddJobAsync(ada);
        await database.AddJobAsync(ada);
        await using (var db = database.Database.CreateMigrating())
        {
            await db.GetService<IMigrator>().MigrateAsync("Network", RunToken);
        }

        await database.Migrator.MigrateAsync(RunToken);

        Assert.Equal(2, (await database.Jobs.ListAsync(ada, page: 1, pageSize: 1, RunToken)).Total);
        Assert.Equal(0, (await database.Jobs.ListAsync(bob, page: 1, pageSize: 1, RunToken)).Total);
    }

    [Theory, EachDatabase]
    public async Task Model_AllChanges_HaveAMigration(string provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, postgres);
        await using var db = database.Database.CreateMigrating();

        Assert.False(
            db.Database.HasPendingModelChanges(),
            $"dotnet ef migrations add NAME --project src/Mags.Data --context {db.GetType().Name}");
    }
}
