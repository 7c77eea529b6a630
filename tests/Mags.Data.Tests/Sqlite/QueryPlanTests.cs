using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;
using Microsoft.Data.Sqlite;

namespace Mags.Data.Tests.Sqlite;

/// <summary>The cost of a read must not grow with the number of jobs.</summary>
public sealed class QueryPlanTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_OfJobs_SeekInAnIndexAndNeverSort()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        using var spy = database.Spy();
        await database.Migrator.MigrateAsync(RunToken);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(ada, state: JobState.Completed, workspaceId: "w");
        spy.Statements.Clear();

        await database.Jobs.ListAsync(ada, 1, 20, RunToken);
        await database.Jobs.FindAsync(ada, Guid.CreateVersion7().ToString(), RunToken);
        await database.Jobs.ListUnfinishedAsync(RunToken);
        await database.Jobs.GetNewestIdAsync(RunToken);

        var plans = await PlansAsync(database, spy);
        string[] expected =
        [
            "SEARCH u USING INDEX sqlite_autoindex_users_1 (id=?)",
            "SEARCH j USING INDEX ix_jobs_user (user_id=?)",
            "SEARCH j USING INDEX sqlite_autoindex_jobs_1 (id=?)",
            "SEARCH j USING INDEX ix_jobs_name (user_id=? AND name=? AND ended=?)",
            "SEARCH j USING INDEX ix_jobs_workspace (user_id=? AND workspace_id=? AND ended=?)",
            "SEARCH j USING INDEX ix_jobs_name (user_id=? AND name=? AND ended=?)",
            "SEARCH j USING INDEX ix_jobs_workspace (user_id=? AND workspace_id=? AND ended=?)",
            "SEARCH j USING INDEX ix_jobs_name (user_id=? AND name=? AND ended=?)",
            "SEARCH j USING INDEX ix_jobs_workspace (user_id=? AND workspace_id=? AND ended=?)",
            "SCAN j USING INDEX ix_jobs_unfinished",
            "SCAN j USING COVERING INDEX sqlite_autoindex_jobs_1",
        ];
        Assert.Equal(expected, plans);
    }

    [Fact]
    public async Task AddAsync_WithAQuota_CountsInAnIndexAlone()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        using var spy = database.Spy();
        await database.Migrator.MigrateAsync(RunToken);
        var job = database.NewJob(await database.AddUserAsync());
        spy.Statements.Clear();

        await database.Jobs.AddAsync(job, TestDatabase.NewInput(job), new JobQuota(1, 1, 1024), RunToken);

        Assert.Contains(
            "SEARCH j USING COVERING INDEX ix_jobs_usage (user_id=? AND state=?)", await PlansAsync(database, spy));
    }

    [Fact]
    public async Task ListPersistentAsync_APageOfJobs_IsOneQueryThatSeeksEach()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        using var spy = database.Spy();
        await database.Migrator.MigrateAsync(RunToken);
        var ada = await database.AddUserAsync();
        spy.Statements.Clear();

        _ = await database.Workspaces.ListPersistentAsync(ada, [.. Enumerable.Range(0, 100).Select(i => $"w{i}")], RunToken);

        Assert.Single(spy.Statements);
        Assert.Contains(
            "SEARCH w USING INDEX ix_workspaces_name (user_id=? AND name=?)", await PlansAsync(database, spy));
    }

    [Fact]
    public async Task FindByTokenAsync_SeeksInTheIndexOfHashes()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        using var spy = database.Spy();
        await database.Migrator.MigrateAsync(RunToken);
        var token = await database.Accounts.CreateTokenAsync(await database.AddUserAsync(), "t", RunToken);
        spy.Statements.Clear();

        await database.Accounts.FindByTokenAsync(token, RunToken);

        Assert.Equal(
            ["SEARCH t USING INDEX ix_tokens_hash (hash=?)", "SEARCH u USING INDEX sqlite_autoindex_users_1 (id=?)"],
            await PlansAsync(database, spy));
    }

    private static async Task<List<string>> PlansAsync(TestDatabase database, StatementSpy spy)
    {
        await using var connection = new SqliteConnection($"{database.ConnectionString};Pooling=False");
        await connection.OpenAsync(RunToken);
        var plans = new List<string>();
        foreach (var (text, parameters) in spy.Statements)
        {
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The store's own statement.
            command.CommandText = $"EXPLAIN QUERY PLAN {text}";
#pragma warning restore CA2100
            foreach (var (name, value) in parameters)
            {
                command.Parameters.AddWithValue(name, value);
            }

            await using var reader = await command.ExecuteReaderAsync(RunToken);
            while (await reader.ReadAsync(RunToken))
            {
                plans.Add(reader.GetString(3));
            }
        }

        return plans;
    }
}
