using Mags.Data.Accounts;
using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests;

public sealed class DatabaseFaultTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task AddAsync_DiskFull_SaysSoAndWorksAgainAfterwards(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var job = database.NewJob(ada);
        var input = new JobInputRow { JobId = job.Id, Script = new byte[1024 * 1024], EnvironmentJson = "{}" };
        await FillDiskAsync(database);

        var fault = await Assert.ThrowsAsync<DatabaseException>(() => database.Jobs.AddAsync(job, input, JobQuota.None, RunToken));
        await FreeDiskAsync(database);

        Assert.Equal(DatabaseFault.DiskFull, fault.Reason);
        Assert.StartsWith(
            $"The database {database.Database.Name} cannot be written: its disk is full", fault.Message,
            StringComparison.Ordinal);
        Assert.Null(await database.Jobs.GetAsync(job.Id, RunToken));
        await database.Jobs.AddAsync(job, input, JobQuota.None, RunToken);
        Assert.NotNull(await database.Jobs.GetAsync(job.Id, RunToken));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_ReadOnlyDatabase_SaysSoAndReadsGoOn(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var services = database.OpenReadOnly();
        var job = database.NewJob(ada);

        var fault = await Assert.ThrowsAsync<DatabaseException>(() => services.GetRequiredService<JobStore>()
            .AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, RunToken));

        Assert.Equal(DatabaseFault.ReadOnly, fault.Reason);
        Assert.Contains("may not be written: it is read only", fault.Message, StringComparison.Ordinal);
        Assert.Equal(ada, (await services.GetRequiredService<AccountStore>().EnsureUserAsync("ada", RunToken)).Id);
    }

    [Theory, EachDatabase]
    public async Task MigrateAsync_DatabaseThatCannotBeOpened_SaysSo(string provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, postgres);
        var services = database.OpenAt(database.IsSqlite
            ? $"Data Source={database.File}-none/mags.db"
            : "Host=/nonexistent;Username=mags;Database=mags");

        var fault = await Assert.ThrowsAsync<DatabaseException>(
            () => services.GetRequiredService<DatabaseMigrator>().MigrateAsync(RunToken));

        Assert.Equal(DatabaseFault.Unavailable, fault.Reason);
    }

    [Fact]
    public async Task MigrateAsync_FileThatIsNoDatabase_SaysSoAndLeavesIt()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        var text = string.Concat(Enumerable.Repeat("not a database\n", 1000));
        await File.WriteAllTextAsync(database.File, text, RunToken);

        var fault = await Assert.ThrowsAsync<DatabaseException>(() => database.Migrator.MigrateAsync(RunToken));

        Assert.Equal(DatabaseFault.Corrupt, fault.Reason);
        Assert.Equal(text, await File.ReadAllTextAsync(database.File, RunToken));
    }

    /// <summary>The engine's own fault on each: a page limit on SQLite, an error of that code on PostgreSQL.</summary>
    private static Task<int> FillDiskAsync(TestDatabase database) => database.Database.WriteAsync(
        async db => database.IsSqlite
            ? await db.Database.ExecuteSqlAsync($"PRAGMA max_page_count = 1", RunToken)
            : await db.Database.ExecuteSqlAsync(
                $"""
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''53100''; END';
                CREATE TRIGGER full_disk BEFORE INSERT ON job_inputs EXECUTE FUNCTION full_disk();
                """,
                RunToken),
        RunToken);

    private static Task<int> FreeDiskAsync(TestDatabase database) => database.Database.WriteAsync(
        async db => database.IsSqlite
            ? await db.Database.ExecuteSqlAsync($"PRAGMA max_page_count = 1000000", RunToken)
            : await db.Database.ExecuteSqlAsync($"DROP TRIGGER full_disk ON job_inputs", RunToken),
        RunToken);
}
