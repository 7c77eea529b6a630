using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

public sealed class JobRecoveryTests
{
    [Fact]
    public async Task Start_AfterACrash_EveryJobReachesATrueState()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 3}}""");
        var done = await server.AcceptAsync("out done\nexit 0");
        await server.EndAsync(done);
        var running = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            running.Add(await server.AcceptAsync($"out begun {i}\nhang"));
            await server.RunningAsync(running[i]);
        }

        var waiting = await server.AcceptAsync("out at last\nexit 0");

        await using var next = await server.StartAfterCrashAsync();

        foreach (var (id, i) in running.Select((id, i) => (id, i)))
        {
            var job = await next.StatusAsync(id);
            Assert.Equal("error", job.Text("status"));
            Assert.StartsWith("the server restarted while the script ran", job.Text("error"), StringComparison.Ordinal);
            Assert.True(job.Has("completed_at"));
            Assert.False(job.Has("vm_id") || job.Has("exit_code"));
            Assert.Equal([$"begun {i}"], await next.LogAsync(id));
        }

        Assert.Equal("completed", (await next.EndAsync(waiting)).Text("status"));
        Assert.Equal(["at last"], await next.LogAsync(waiting));
        Assert.Equal("completed", (await next.StatusAsync(done)).Text("status"));
        Assert.Equal("completed", (await next.EndAsync(await next.AcceptAsync("exit 0"))).Text("status"));
    }

    [Fact]
    public async Task Start_AfterACrashInTheMiddleOfALine_KeepsTheWholeLines()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("out one\nout two\nhang");
        await using var events = server.FollowAsync(id).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());
        Assert.True(await events.MoveNextAsync());

        await using var next = await server.StartAfterCrashAsync(home =>
        {
            using var log = File.OpenHandle(Path.Combine(home, "logs", $"{id}.log"), access: FileAccess.Write);
            RandomAccess.SetLength(log, RandomAccess.GetLength(log) - 2);
        });

        Assert.Equal(["one"], await next.LogAsync(id));
    }

    [Fact]
    public async Task Stop_Server_EndsRunningJobsTrulyAndKeepsWaitingOnes()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""");
        var running = await server.AcceptAsync("out begun\nhang");
        await server.RunningAsync(running);
        var waiting = await server.AcceptAsync("out later\nexit 0");

        await server.StopAsync();
        Assert.Empty(server.Machines.Alive);
        await using var next = await server.RestartAsync();

        var job = await next.StatusAsync(running);
        Assert.Equal(("error", "the server was stopped while the script ran"), (job.Text("status"), job.Text("error")));
        Assert.Equal("completed", (await next.EndAsync(waiting)).Text("status"));
        Assert.Equal(server.Token, next.Token);
    }

    [Fact]
    public async Task Stop_ServerWithFollowers_TellsThemTheEndAndDoesNotWaitForThem()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("out begun\nhang");
        await using var events = server.FollowAsync(id).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());
        var end = events.MoveNextAsync().AsTask();

        await server.StopServerAsync();

        Assert.True(await end);
        Assert.Equal(("end", """{"status":"error"}"""), (events.Current.Event, events.Current.Data));
    }
}
