using System.Text;
using Mags.Server.Tests.Fakes;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

/// <summary>The wall clock only tells when something was; what lasts and what comes first does not depend on it.</summary>
public sealed class ClockStepTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Clock_SetByAnHour_EndsNoJobAndReordersNone(int hours)
    {
        var clock = new SteppedClock();
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""", clock);
        var running = await server.AcceptAsync("out begun\nwait gate\nout done", "\"timeout\": 60");
        await server.RunningAsync(running);
        var before = await server.AcceptAsync("out before", "\"name\": \"same\"");

        clock.Step(TimeSpan.FromHours(hours));

        var after = await server.AcceptAsync("out after", "\"name\": \"same\"");
        Assert.Equal("running", (await server.StatusAsync(running)).Text("status"));
        Assert.Equal(after, (await server.StatusAsync("same")).Text("request_id"));
        server.Machines.Open("gate");
        await Task.WhenAll(new[] { running, before, after }.Select(server.EndAsync));

        var ended = await server.StatusAsync(running);
        Assert.Equal(("completed", 12), (ended.Text("status"), ended.Number("script_duration_ms")));
        Assert.Equal(["begun", "done"], await server.LogAsync(running));
        Assert.Equal(
            ["out before", "out after"],
            server.Machines.Processes.Skip(1).Select(run => Encoding.UTF8.GetString(run.Script!.Value.Span)));
        var list = (await server.GetAsync("/api/v1/mags-jobs")).Body!.Value.GetProperty("jobs");
        Assert.Equal(
            [after, before, running],
            list.EnumerateArray().Select(job => job.GetProperty("request_id").GetString()));
    }

    [Fact]
    public async Task Clock_SetBackBeforeARestart_WhatWaitedComesFirst()
    {
        var clock = new SteppedClock();
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""", clock);
        clock.Step(TimeSpan.FromHours(1));
        await server.RunningAsync(await server.AcceptAsync("out begun\nhang"));
        var before = await server.AcceptAsync("wait gate");
        await server.StopAsync();

        await using var next = await server.RestartAsync();
        var after = await next.AcceptAsync("out after");
        Assert.Equal("pending", (await next.StatusAsync(after)).Text("status"));
        next.Machines.Open("gate");

        Assert.Equal("completed", (await next.EndAsync(after)).Text("status"));
        Assert.Equal("completed", (await next.StatusAsync(before)).Text("status"));
        Assert.True(Guid.Parse(after) > Guid.Parse(before));
    }
}
