using System.Net;
using System.Text.Json;
using Mags.Machines;
using Mags.Machines.Walls;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Status;

public sealed class StatusTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;

    [Theory]
    [InlineData(HostState.Ready, "ok", "ready")]
    [InlineData(HostState.Starting, "starting", "starting")]
    [InlineData(HostState.Failed, "failed", "failed")]
    public async Task Health_EachState_IsSaidWithoutToken(HostState state, string health, string shown)
    {
        await using var server = await RunningServer.StartAsync();
        server.Machines.Status = new HostStatus(state, state == HostState.Ready ? null : "making the first template");
        using var http = new HttpClient();
        var answer = await Answer.OfAsync(
            await http.GetAsync(new Uri($"{server.Url}/healthz"), TestContext.Current.CancellationToken));

        Assert.Equal((HttpStatusCode.OK, health), (answer.Status, answer.Text("status")));
        var info = await server.GetAsync("/api/v1/mags-server");
        Assert.Equal(shown, info.Text("state"));
        Assert.Equal(state != HostState.Ready, info.Has("state_reason"));
    }

    [Fact]
    public async Task Server_Ready_ShowsWhatItIs()
    {
        var answer = await _server.GetAsync("/api/v1/mags-server");

        Assert.Equal(("ready", "tcg", _server.Home), (answer.Text("state"), answer.Text("accelerator"), answer.Text("home")));
        Assert.Equal(Environment.ProcessId, answer.Number("pid"));
        Assert.Equal(2, answer.Body!.Value.GetProperty("images").GetArrayLength());
    }

    [Fact]
    public async Task Server_Ready_ShowsItsWalls()
    {
        await using var server = await RunningServer.StartAsync();
        server.Machines.Status = server.Machines.Status with
        {
            Walls = [new Wall(WallNames.Files, true, "few"), new Wall(WallNames.Hardware, false, "no KVM")],
        };

        var walls = (await server.GetAsync("/api/v1/mags-server")).Body!.Value.GetProperty("walls").EnumerateArray();

        Assert.Equal(
            [("files", true, "few"), ("hardware", false, "no KVM")],
            walls.Select(wall => (
                wall.GetProperty("name").GetString()!,
                wall.GetProperty("stands").GetBoolean(),
                wall.GetProperty("detail").GetString()!)));
    }

    [Fact]
    public async Task Server_WhoseStoreCannotBeSwept_NamesWhatIsInTheWayUntilItIsMended()
    {
        await using var server = await RunningServer.StartAsync("""{"Workspaces": {"SweepSeconds": 1}}""");
        await StoreUntilAsync(server, store => store.TryGetProperty("conditional_writes", out _));
        var head = Path.Combine(server.Home, "objects", "heads", "61", "77.json");
        Directory.CreateDirectory(Path.GetDirectoryName(head)!);
        await File.WriteAllTextAsync(head, "{", TestContext.Current.CancellationToken);

        var store = await StoreUntilAsync(server, store => store.TryGetProperty("sweep_error", out _));
        Assert.Contains("heads/61/77.json", store.GetProperty("sweep_error").GetString(), StringComparison.Ordinal);
        Assert.False(store.TryGetProperty("error", out _));

        File.Delete(head);
        await StoreUntilAsync(server, store => !store.TryGetProperty("sweep_error", out _));
    }

    [Fact]
    public async Task Pool_MachinesWait_AreCounted()
    {
        var answer = await _server.GetAsync("/api/v1/mags-jobs/pool-status");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal((3, 2, 1), (answer.Number("idle_vms"), answer.Number("hot_vms"), answer.Number("cold_vms")));
        Assert.Equal(answer.Number("idle_vms") + answer.Number("busy_vms"), answer.Number("total_vms"));
        Assert.Equal((2, 10), (answer.Number("min_pool_size"), answer.Number("max_pool_size")));
    }

    [Fact]
    public async Task Images_Known_AreListedByName()
    {
        var answer = await _server.GetAsync("/api/v1/mags-images");

        var images = answer.Body!.Value.GetProperty("images").EnumerateArray().ToList();
        Assert.Equal(2, answer.Number("total"));
        Assert.Equal(
            [("alpine", false), ("debian", true)],
            images.Select(image => (image.GetProperty("name").GetString()!, image.GetProperty("default").GetBoolean())));
        Assert.Equal(($"sha256:{new string('a', 64)}", 5.5), (
            images[0].GetProperty("digest").GetString()!, images[0].GetProperty("build_seconds").GetDouble()));
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/api/v1/no-such-thing")]
    [InlineData("GET", "/api/v3/mags-jobs")]
    public async Task Call_UnknownPath_Is404InTheErrorsForm(string method, string path)
    {
        var answer = await SendAsync(method, path);

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code));
        Assert.Contains(path, answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE", "/api/v1/mags-jobs")]
    [InlineData("POST", "/api/v1/mags-whoami")]
    [InlineData("GET", "/api/v1/mags-jobs/x/stop")]
    public async Task Call_WrongMethod_Is405InTheErrorsForm(string method, string path)
    {
        var answer = await SendAsync(method, path);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "method_not_allowed"), (answer.Status, answer.Code));
        Assert.Contains($"does not answer to {method}", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", "/api/v1/mags-jobs/x")]
    [InlineData("POST", "/api/v1/mags-jobs/x/access")]
    [InlineData("POST", "/api/v1/mags-jobs/x/exec")]
    [InlineData("PUT", "/api/v1/mags-jobs/x/files")]
    [InlineData("POST", "/api/v1/mags-jobs/x/ticket")]
    [InlineData("GET", "/api/v1/mags-jobs/usage")]
    [InlineData("POST", "/api/v1/mags-url-aliases")]
    [InlineData("DELETE", "/api/v2/mags-url-aliases/sub")]
    [InlineData("PATCH", "/api/v2/mags-cron/1")]
    public async Task Call_PathThatIsNotOfferedYet_Is404ThatSaysSo(string method, string path)
    {
        var answer = await SendAsync(method, path);

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code));
        Assert.Equal($"{method} {path} is not offered by this version of the server", answer.Error);
    }

    [Fact]
    public async Task Call_SecondBasePath_AnswersTheSame()
    {
        var id = await _server.AcceptAsync("exit 0");
        await _server.EndAsync(id);

        foreach (var path in new[] { $"mags-jobs/{id}/status", $"mags-jobs/{id}/logs", "mags-whoami", "mags-images" })
        {
            var first = await _server.GetAsync($"/api/v1/{path}");
            var second = await _server.GetAsync($"/api/v2/{path}");
            Assert.Equal((HttpStatusCode.OK, first.Body!.Value.GetRawText()), (second.Status, second.Body!.Value.GetRawText()));
        }

        var posted = await _server.PostAsync("/api/v2/mags-jobs", """{"script": "exit 0", "type": "inline"}""");
        Assert.Equal(HttpStatusCode.Accepted, posted.Status);
    }

    [Fact]
    public async Task Answer_Any_DoesNotNameTheServerSoftware() =>
        Assert.Empty((await _server.GetAsync("/api/v1/mags-whoami")).Response.Headers.Server);

    /// <summary>Waits until the server shows something of its object store.</summary>
    private static async Task<JsonElement> StoreUntilAsync(RunningServer server, Func<JsonElement, bool> isSo)
    {
        while (true)
        {
            var store = (await server.GetAsync("/api/v1/mags-server")).Body!.Value.GetProperty("object_store");
            if (isSo(store))
            {
                return store;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    private async Task<Answer> SendAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        return await Answer.OfAsync(await _server.Http.SendAsync(request, TestContext.Current.CancellationToken));
    }
}
