using System.Net;
using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Hosting;

public sealed class GracefulStopTests
{
    [Fact]
    public async Task Stop_ScriptEndsWithinTheGrace_IsCompletedAndTheApiAnswersMeanwhile()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1, "StopGraceSeconds": 60}}""");
        var running = await server.AcceptAsync("out begun\nwait gate\nout done");
        await server.RunningAsync(running);
        var waiting = await server.AcceptAsync("out later");

        var stop = server.StopServerAsync();
        var refused = await server.PostJobAsync("exit 0");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (refused.Status, refused.Code));
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        Assert.Equal("running", (await server.StatusAsync(running)).Text("status"));
        Assert.Equal("pending", (await server.StatusAsync(waiting)).Text("status"));
        Assert.Equal(["begun"], await server.LogAsync(running));
        server.Machines.Open("gate");
        await stop;

        await using var next = await server.RestartAsync();
        Assert.Equal("completed", (await next.StatusAsync(running)).Text("status"));
        Assert.Equal(["begun", "done"], await next.LogAsync(running));
        Assert.Equal("completed", (await next.EndAsync(waiting)).Text("status"));
        Assert.Equal(["out later"], next.Machines.Processes.Select(run => Encoding.UTF8.GetString(run.Script!.Value.Span)));
    }

    [Fact]
    public async Task Stop_ScriptOutlastsTheGrace_IsATrueError()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"StopGraceSeconds": 1}}""");
        var running = await server.AcceptAsync("out begun\nhang");
        await server.RunningAsync(running);

        await server.StopAsync();

        await using var next = await server.RestartAsync();
        var job = await next.StatusAsync(running);
        Assert.Equal(("error", "the server was stopped while the script ran"), (job.Text("status"), job.Text("error")));
        Assert.Equal(["begun"], await next.LogAsync(running));
    }

    [Fact]
    public async Task Stop_MachineStillBeingMade_LeavesTheJobPendingWithoutWaitingForIt()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"StopGraceSeconds": 3600}}""");
        server.Machines.Holding = true;
        var starting = await server.AcceptAsync("out at last");

        await server.StopAsync();

        await using var next = await server.RestartAsync();
        Assert.Equal("completed", (await next.EndAsync(starting)).Text("status"));
    }
}
