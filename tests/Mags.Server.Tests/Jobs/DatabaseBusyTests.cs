using System.Net;
using Mags.Server.Tests.Fixtures;
using Microsoft.Data.Sqlite;

namespace Mags.Server.Tests.Jobs;

/// <summary>Another process (a backup, a shell) holds the database's write lock.</summary>
public sealed class DatabaseBusyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Post_DatabaseHeldForAMoment_Waits()
    {
        await using var server = await RunningServer.StartAsync();
        await using var held = await HoldAsync(server);
        var post = server.PostJobAsync("exit 0");

        // Reads go on.
        Assert.Equal(0, (await server.GetAsync("/api/v1/mags-jobs")).Number("total"));
        Assert.False(post.IsCompleted);
        await held.DisposeAsync();

        var accepted = await post;
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        Assert.Equal("completed", (await server.EndAsync(accepted.Text("request_id"))).Text("status"));
    }

    [Fact]
    public async Task Post_DatabaseHeldForLong_IsA503AndNothingIsKeptOfIt()
    {
        await using var server = await RunningServer.StartAsync();
        await using (await HoldAsync(server))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.PostJobAsync("exit 0")));

            Assert.All(answers, answer =>
            {
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (answer.Status, answer.Code));
                Assert.Equal("the server's database is held by another process; try again", answer.Error);
                Assert.Equal(TimeSpan.FromSeconds(1), answer.Response.Headers.RetryAfter?.Delta);
            });
        }

        Assert.Equal(0, (await server.GetAsync("/api/v1/mags-jobs")).Number("total"));
        Assert.Equal("completed", (await server.EndAsync(await server.AcceptAsync("exit 0"))).Text("status"));
    }

    [Fact]
    public async Task Jobs_WhileTheDatabaseIsHeldForLong_EndTrulyOnceItIsFree()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""");
        var first = await server.AcceptAsync("out begun\nwait gate");
        await server.RunningAsync(first);
        var second = await server.AcceptAsync("out second");
        await using (await HoldAsync(server))
        {
            // The end of the first, and the machine of the second, cannot be written now.
            server.Machines.Open("gate");
            var stop = await server.StopJobAsync(second);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (stop.Status, stop.Code));
        }

        Assert.Equal("completed", (await server.EndAsync(first)).Text("status"));
        Assert.Equal("completed", (await server.EndAsync(second)).Text("status"));
        Assert.Equal(["second"], await server.LogAsync(second));
    }

    [Fact]
    public async Task Job_WhoseWorkspaceCanNotBeWrittenForLong_RunsOnceItCan()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""");
        var first = await server.AcceptAsync("out begun\nwait gate");
        await server.RunningAsync(first);
        var second = await server.AcceptAsync("out second", "\"workspace_id\": \"w\"");
        await using (await HoldAsync(server))
        {
            server.Machines.Open("gate");

            // Past the database's own patience: what the second needs cannot be written meanwhile.
            var stop = await server.StopJobAsync(first);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, stop.Status);
        }

        Assert.Equal("completed", (await server.EndAsync(second)).Text("status"));
    }

    [Fact]
    public async Task Job_WhoseEndCanNotBeWrittenForLong_SealsItsDiskOnceItCan()
    {
        await using var server = await RunningServer.StartAsync();
        var job = await server.AcceptAsync("out begun\nwait gate", "\"workspace_id\": \"w\"");
        await server.RunningAsync(job);
        await using (await HoldAsync(server))
        {
            server.Machines.Open("gate");

            // Past the database's own patience: neither the seal nor the end can be written meanwhile.
            var other = await server.PostJobAsync("exit 0");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, other.Status);
        }

        Assert.Equal("completed", (await server.EndAsync(job)).Text("status"));
        Assert.Equal(0, await OpenLayersAsync(server));
    }

    private static async Task<long> OpenLayersAsync(RunningServer server)
    {
        await using var connection = await ConnectAsync(server);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM workspaces WHERE open_layer_id IS NOT NULL";
        return (long)(await command.ExecuteScalarAsync(Cancelled))!;
    }

    private static async Task<SqliteConnection> HoldAsync(RunningServer server)
    {
        var connection = await ConnectAsync(server);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(Cancelled);
        return connection;
    }

    private static async Task<SqliteConnection> ConnectAsync(RunningServer server)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(server.Home, "mags.db")};Pooling=False");
        await connection.OpenAsync(Cancelled);
        return connection;
    }
}
