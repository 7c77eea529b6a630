using System.Net;
using System.Text.Json;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

public sealed class JobListTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;

    [Fact]
    public async Task List_Pages_GiveNewestFirstWithFirstLines()
    {
        await using var server = await RunningServer.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await server.AcceptAsync($"out {i}\nexit 0"));
        }

        ids.Reverse();
        var first = await server.GetAsync("/api/v1/mags-jobs?page=1&page_size=2");
        var last = await server.GetAsync("/api/v1/mags-jobs?page=3&page_size=2");
        var past = await server.GetAsync("/api/v1/mags-jobs?page=4&page_size=2");

        Assert.Equal((5, 1, 2), (first.Number("total"), first.Number("page"), first.Number("page_size")));
        Assert.Equal(ids[..2], Jobs(first).Select(job => job.GetProperty("request_id").GetString()!));
        Assert.Equal(ids[4..], Jobs(last).Select(job => job.GetProperty("request_id").GetString()!));
        Assert.Equal("out 0", Jobs(last)[0].GetProperty("script").GetString());
        Assert.Empty(Jobs(past));
        Assert.Equal(5, past.Number("total"));
    }

    [Fact]
    public async Task List_LongFirstLine_IsCutBetweenCharacters()
    {
        var id = await _server.AcceptAsync($"#{new string('x', 1022)}\U0001F600{new string('y', 99)}\nexit 0");

        var jobs = Jobs(await _server.GetAsync("/api/v1/mags-jobs?page_size=100"));

        Assert.Equal(
            $"#{new string('x', 1022)}…",
            jobs.Single(job => job.GetProperty("request_id").GetString() == id).GetProperty("script").GetString());
    }

    [Theory]
    [InlineData("", 1, 20)]
    [InlineData("?page_size=1000", 1, 100)]
    [InlineData("?page=9999999999", int.MaxValue, 20)]
    [InlineData("?page=&page_size=", 1, 20)]
    public async Task List_Paging_SaysWhatItTook(string query, int page, int pageSize)
    {
        var answer = await _server.GetAsync($"/api/v1/mags-jobs{query}");

        Assert.Equal((HttpStatusCode.OK, page, pageSize),
            (answer.Status, answer.Number("page"), answer.Number("page_size")));
    }

    [Theory]
    [InlineData("page=0", "page")]
    [InlineData("page=-1", "page")]
    [InlineData("page=x", "page")]
    [InlineData("page_size=0", "page_size")]
    [InlineData("page_size=1e3", "page_size")]
    public async Task List_BadParameter_Is400NamingIt(string query, string name)
    {
        var answer = await _server.GetAsync($"/api/v1/mags-jobs?{query}");

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith($"parameter `{name}` must be a whole number from 1", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_ByName_MeansTheActiveJobElseTheNewest()
    {
        var (name, gate) = ($"n-{Guid.NewGuid()}", Guid.NewGuid().ToString());
        var old = await _server.AcceptAsync($"out begun\nwait {gate}", $"\"name\": \"{name}\"");
        await _server.RunningAsync(old);
        var newer = await _server.AcceptAsync("exit 0", $"\"name\": \"{name}\"");
        await _server.EndAsync(newer);

        Assert.Equal(old, (await _server.StatusAsync(name)).Text("request_id"));

        _server.Machines.Open(gate);
        await _server.EndAsync(old);
        Assert.Equal(newer, (await _server.StatusAsync(name)).Text("request_id"));
    }

    [Fact]
    public async Task Find_NameWithSpaceAndSlash_IsFoundEscaped()
    {
        var name = $"a b/{Guid.NewGuid()}";
        var id = await _server.AcceptAsync("exit 0", $"\"name\": \"{name}\"");

        Assert.Equal(id, (await _server.StatusAsync(Uri.EscapeDataString(name))).Text("request_id"));
    }

    [Theory]
    [InlineData("GET", "status")]
    [InlineData("GET", "logs")]
    [InlineData("POST", "stop")]
    public async Task Find_UnknownJob_Is404ThatNamesIt(string method, string action)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1/mags-jobs/no-such-job/{action}");
        var answer = await Answer.OfAsync(
            await _server.Http.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code));
        Assert.StartsWith("there is no job `no-such-job`", answer.Error, StringComparison.Ordinal);
    }

    private static List<JsonElement> Jobs(Answer answer) => [.. answer.Body!.Value.GetProperty("jobs").EnumerateArray()];
}
