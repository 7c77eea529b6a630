using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

/// <summary>A persistent job's sandbox stays after its script, whatever that ended with.</summary>
public sealed class PersistentJobTests
{
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("exit 137", 137)]
    public async Task Script_ThatEnds_LeavesTheSandboxRunningAndShowsItsCode(string script, int code)
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync($"out said\n{script}", "\"persistent\": true");

        var end = await server.FollowAsync(id).LastAsync(TestContext.Current.CancellationToken);
        var job = await server.StatusAsync(id);

        Assert.Equal(("end", $$"""{"status":"running","exit_code":{{code}}}"""), (end.Event, end.Data));
        Assert.Equal(("running", code, 12), (job.Text("status"), job.Number("exit_code"), job.Number("script_duration_ms")));
        Assert.True(job.Has("vm_id"));
        Assert.False(job.Has("error") || job.Has("completed_at"));
        Assert.Single(server.Machines.Alive);
    }

    [Fact]
    public async Task Script_PastItsLimit_LeavesTheSandboxRunningAndNamesIt()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("overrun", "\"persistent\": true, \"timeout\": 1");


        var job = await server.EndAsync(id);

        Assert.Equal(("running", 124), (job.Text("status"), job.Number("exit_code")));
        Assert.Equal("the script did not end within its limit of 1 s (`timeout`)", job.Text("error"));
    }

    [Fact]
    public async Task Script_WithoutATimeout_HasNoLimit()
    {
        await using var server = await RunningServer.StartAsync();

        await server.EndAsync(await server.AcceptAsync("exit 0", "\"persistent\": true"));

        Assert.Null(Assert.Single(server.Machines.Processes).Timeout);
    }

    [Fact]
    public async Task Stop_EndsTheSandboxAndKeepsTheScriptsCode()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("exit 3", "\"persistent\": true");
        await server.EndAsync(id);

        await server.StopJobAsync(id);

        var job = await server.EndAsync(id);
        Assert.Equal(("completed", 3), (job.Text("status"), job.Number("exit_code")));
        Assert.False(job.Has("vm_id") || job.Has("error"));
        Assert.Empty(server.Machines.Alive);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restart_OfTheServer_GivesItASandboxAgainOnItsDisk(bool crashes)
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync(
            "out once\nexit 3",
            "\"persistent\": true, \"startup_command\": \"open again\", \"environment\": {\"A\": \"b\"}");
        await server.EndAsync(id);
        if (!crashes)
        {
            await server.StopAsync();
            Assert.Empty(server.Machines.Alive);
        }

        await using var next = crashes ? await server.StartAfterCrashAsync() : await server.RestartAsync();

        await next.Machines.WaitAsync("again", TestContext.Current.CancellationToken);
        var job = await next.StatusAsync(id);
        Assert.Equal(("running", 3), (job.Text("status"), job.Number("exit_code")));
        Assert.True(job.Has("vm_id"));
        Assert.NotNull(Assert.Single(next.Machines.Requests).Disk?.KeepAt);
        Assert.Equal(2, next.Machines.Requests.Single().Disk!.Layers.Count);
        var startup = Assert.Single(next.Machines.Processes);
        Assert.Equal("open again", Encoding.UTF8.GetString(startup.Script!.Value.Span));
        Assert.Equal("b", startup.Environment["A"]);
    }

    [Fact]
    public async Task Restart_WhileItsScriptRuns_IsAnErrorThatSaysSo()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("out begun\nhang", "\"persistent\": true");
        await server.RunningAsync(id);

        await using var next = await server.StartAfterCrashAsync();

        var job = await next.StatusAsync(id);
        Assert.Equal("error", job.Text("status"));
        Assert.StartsWith("the server restarted while the script ran", job.Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disk_OfAJobWithoutAWorkspace_GoesWithTheJob()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("exit 0", "\"persistent\": true");
        await server.EndAsync(id);
        Assert.NotEmpty(Layers(server));
        Assert.Equal(0, (await server.GetAsync("/api/v1/mags-workspaces")).Number("total"));

        await server.StopJobAsync(id);
        await server.StopServerAsync();

        Assert.Empty(Layers(server));
    }

    [Fact]
    public async Task SandboxThatEndsByItself_IsAnErrorThatSaysHow()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("exit 0", "\"persistent\": true");
        await server.EndAsync(id);

        await Assert.Single(server.Machines.Alive).DisposeAsync();

        // Its log tells the script's end only, so its state is all there is to look at.
        var job = await server.StatusAsync(id);
        while (job.Text("status") == "running")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
            job = await server.StatusAsync(id);
        }

        Assert.Equal(("error", 0, "disposed"), (job.Text("status"), job.Number("exit_code"), job.Text("error")));
    }

    private static string[] Layers(RunningServer server) => Directory.GetFiles(Path.Combine(server.Home, "layers"));
}
