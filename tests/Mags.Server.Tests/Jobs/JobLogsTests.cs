using System.Net;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

public sealed class JobLogsTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;

    [Fact]
    public async Task Logs_EndedJob_HasItsLinesWithSourceAndLevel()
    {
        var id = await EndedAsync("out one\nerr two\nprint three");

        var lines = (await LogsAsync(id)).Body!.Value.GetProperty("logs").EnumerateArray().ToList();

        Assert.Equal(
            [(1, "one", "stdout", "info"), (2, "two", "stderr", "error"), (3, "three", "stdout", "info")],
            lines.Select(line => (
                line.GetProperty("seq").GetInt32(), line.GetProperty("message").GetString()!,
                line.GetProperty("source").GetString()!, line.GetProperty("level").GetString()!)));
        Assert.All(lines, line => Assert.Matches(
            @"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z", line.GetProperty("timestamp").GetString()!));
    }

    [Fact]
    public async Task Logs_JobWithoutOutput_IsEmpty() =>
        Assert.Empty(await _server.LogAsync(await EndedAsync("exit 0")));

    [Theory]
    [InlineData("?after=3", 4, 10)]
    [InlineData("?limit=2", 1, 2)]
    [InlineData("?after=3&limit=4", 4, 7)]
    [InlineData("?after=8&limit=100", 9, 10)]
    [InlineData("?after=0", 1, 10)]
    public async Task Logs_AfterAndLimit_GiveThatPart(string query, int first, int last)
    {
        var id = await EndedAsync("lines 10");

        Assert.Equal(
            Enumerable.Range(first, last - first + 1).Select(number => $"line {number}"),
            await _server.LogAsync(id, query));
    }

    [Fact]
    public async Task Logs_AfterTheLastLine_IsEmpty() =>
        Assert.Empty(await _server.LogAsync(await EndedAsync("lines 10"), "?after=10"));

    [Theory]
    [InlineData("after=-1", "after")]
    [InlineData("after=x", "after")]
    [InlineData("after=1.5", "after")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("follow=maybe", "follow")]
    [InlineData("follow=true&after=99999999999999999999", "after")]
    public async Task Logs_BadParameter_Is400NamingIt(string query, string name)
    {
        var answer = await _server.GetAsync($"/api/v1/mags-jobs/whatever/logs?{query}");

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith($"parameter `{name}` must be ", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?follow=true")]
    public async Task Logs_UnknownJob_Is404(string query)
    {
        var answer = await _server.GetAsync($"/api/v1/mags-jobs/{Guid.NewGuid()}/logs{query}");

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Logs_BinaryAndMarkup_AreValidJsonAndAsTheyWere()
    {
        var id = await EndedAsync("hex FF00610A\nout <b>\"grüße\" & 'x'\\");

        Assert.Equal(["\uFFFD\0a", "<b>\"grüße\" & 'x'\\"], await _server.LogAsync(id));
    }

    [Fact]
    public async Task Follow_RunningJob_GetsLinesAsTheyComeThenTheEnd()
    {
        var (one, two) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var id = await _server.AcceptAsync($"wait {one}\nout first\nwait {two}\nerr second\nexit 5");
        await using var events = _server.FollowAsync(id).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        _server.Machines.Open(one);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("1", "log", "first"), (events.Current.Id, events.Current.Event, events.Current.Message));

        _server.Machines.Open(two);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("2", "second"), (events.Current.Id, events.Current.Message));

        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("end", """{"status":"error","exit_code":5}"""), (events.Current.Event, events.Current.Data));
        Assert.False(await events.MoveNextAsync());
    }

    [Fact]
    public async Task Follow_StoppedJob_EndsWithoutAnExitCode()
    {
        var id = await _server.AcceptAsync("out begun\nhang");
        await using var events = _server.FollowAsync(id).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());

        await _server.StopJobAsync(id);

        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("end", """{"status":"completed"}"""), (events.Current.Event, events.Current.Data));
    }

    [Theory]
    [InlineData("&after=7", null, 8)]
    [InlineData("", "7", 8)]
    [InlineData("&after=2", "7", 8)]
    [InlineData("", "10", 11)]
    public async Task Follow_FromACursor_GoesOnBehindIt(string query, string? lastEventId, int first)
    {
        var id = await EndedAsync("lines 10");

        var events = await AllAsync(id, query, lastEventId);

        Assert.Equal(
            Enumerable.Range(first, 11 - first).Select(number => $"line {number}"),
            events[..^1].Select(message => message.Message));
        Assert.Equal("end", events[^1].Event);
    }

    [Fact]
    public async Task Follow_BadLastEventId_Is400NamingIt()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/mags-jobs/x/logs?follow=true");
        request.Headers.Add("Last-Event-ID", "abc");

        var answer = await Answer.OfAsync(
            await _server.Http.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith("parameter `Last-Event-ID` must be ", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_Limit_ClosesAfterThatManyLines()
    {
        var events = await AllAsync(await EndedAsync("lines 10"), "&limit=3", null);

        Assert.Equal(["line 1", "line 2", "line 3"], events.Select(message => message.Message));
    }

    [Fact]
    public async Task Follow_ManyFollowersOfALongLog_EachGetsEveryLineOnce()
    {
        var id = await _server.AcceptAsync("lines 20000");

        var all = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => AllAsync(id, "", null)));

        Assert.All(all, events => Assert.Equal(
            Enumerable.Range(1, 20000).Select(number => $"{number}"),
            events[..^1].Select(message => message.Id!)));
    }

    [Fact]
    public async Task Logs_OverTheLimit_EndWithASystemLineAndTheJobGoesOn()
    {
        await using var server = await RunningServer.StartAsync("""{"JobLogs": {"MaxBytes": 10000}}""");
        var id = await server.AcceptAsync("lines 5000\nexit 0");

        Assert.Equal("completed", (await server.EndAsync(id)).Text("status"));

        var logs = (await server.GetAsync($"/api/v1/mags-jobs/{id}/logs")).Body!.Value.GetProperty("logs");
        var last = logs.EnumerateArray().Last();
        Assert.Equal("system", last.GetProperty("source").GetString());
        Assert.StartsWith("the log has reached its limit of 10000 bytes", last.GetProperty("message").GetString());
    }

    private async Task<string> EndedAsync(string script)
    {
        var id = await _server.AcceptAsync(script);
        await _server.EndAsync(id);
        return id;
    }

    private Task<Answer> LogsAsync(string id) => _server.GetAsync($"/api/v1/mags-jobs/{id}/logs");

    private async Task<List<ServerSentEvent>> AllAsync(string id, string query, string? lastEventId)
    {
        var events = new List<ServerSentEvent>();
        await foreach (var message in _server.FollowAsync(id, query, lastEventId))
        {
            events.Add(message);
        }

        return events;
    }
}
