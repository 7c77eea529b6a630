using System.Net;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Workspaces;

public sealed class WorkspacesApiTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;
    private readonly string _name = $"w-{Guid.NewGuid():N}";

    private string Own => $"\"workspace_id\": \"{_name}\"";

    [Fact]
    public async Task Job_InAWorkspace_KeepsItsLayerAndShowsIt()
    {
        var id = await _server.AcceptAsync("exit 0", Own);

        var job = await _server.EndAsync(id);

        Assert.Equal(("completed", _name), (job.Text("status"), job.Text("workspace_id")));
        var request = Assert.Single(
            _server.Machines.Requests, request => request.HostName == $"mags-{job.Text("subdomain")}");
        Assert.Single(request.Disk!.Layers);
        Assert.NotNull(request.Disk.KeepAt);
    }

    [Fact]
    public async Task Job_FromABase_KeepsNothing()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));

        var job = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"\"base_workspace_id\": \"{_name}\""));

        Assert.Equal(("completed", _name, false), (job.Text("status"), job.Text("base_workspace_id"), job.Has("workspace_id")));
        var request = Assert.Single(
            _server.Machines.Requests, request => request.HostName == $"mags-{job.Text("subdomain")}");
        Assert.Null(request.Disk!.KeepAt);
        Assert.Equal("sha256:" + new string('1', 64), request.ImageDigest);
    }

    [Fact]
    public async Task Workspace_InUse_IsRefusedToOthersAndNotDeleted()
    {
        var gate = Guid.NewGuid().ToString();
        var id = await _server.AcceptAsync($"wait {gate}\nexit 0", $"{Own}, \"name\": \"first-of-{_name}\"");

        var second = await _server.PostJobAsync("exit 0", Own);
        var deletion = await DeleteAsync(_name);

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (second.Status, second.Text("code")));
        Assert.Contains($"first-of-{_name}", second.Text("error"), StringComparison.Ordinal);
        Assert.Equal(
            (HttpStatusCode.Conflict, $"workspace '{_name}' has 1 active job(s); stop them first"),
            (deletion.Status, deletion.Text("error")));
        _server.Machines.Open(gate);
        _ = await _server.EndAsync(id);
        Assert.Equal(HttpStatusCode.Accepted, (await _server.PostJobAsync("exit 0", Own)).Status);
    }

    [Fact]
    public async Task Base_ThatIsNotThere_Is404AndNamed()
    {
        var answer = await _server.PostJobAsync("exit 0", "\"base_workspace_id\": \"no-such\"");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.StartsWith(
            "field `base_workspace_id`: there is no workspace `no-such`", answer.Text("error"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"image\": \"alpine\"", HttpStatusCode.Conflict, "belongs to image `debian`, not to `alpine`")]
    [InlineData("\"disk_gb\": 3", HttpStatusCode.BadRequest, "field `disk_gb` must be at least 4")]
    public async Task Workspace_AskedForAsItIsNot_IsRefused(string field, HttpStatusCode status, string error)
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"{Own}, \"disk_gb\": 4"));

        var answer = await _server.PostJobAsync("exit 0", $"{Own}, {field}");

        Assert.Equal(status, answer.Status);
        Assert.Contains(error, answer.Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workspace_AskedForAsItIs_GoesOn()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"{Own}, \"disk_gb\": 4"));

        var job = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"{Own}, \"image\": \"debian\""));

        Assert.Equal(("completed", 4), (job.Text("status"), job.Number("disk_gb")));
    }

    [Fact]
    public async Task List_Workspaces_ShowsThem()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));
        _ = await _server.EndAsync(await _server.AcceptAsync(
            "exit 0", $"\"workspace_id\": \"{_name}-fork\", \"base_workspace_id\": \"{_name}\""));

        var answer = await _server.GetAsync("/api/v1/mags-workspaces");

        var all = answer.Body!.Value.GetProperty("workspaces").EnumerateArray().ToList();
        Assert.Equal(all.Count, answer.Number("total"));
        var fork = all.Single(workspace => workspace.GetProperty("workspace_id").GetString() == $"{_name}-fork");
        Assert.Equal(_name, fork.GetProperty("base_workspace_id").GetString());
        Assert.Equal((1, false, false, 2, "debian"), (
            fork.GetProperty("job_count").GetInt32(),
            fork.GetProperty("has_active").GetBoolean(),
            fork.GetProperty("persistent").GetBoolean(),
            fork.GetProperty("disk_gb").GetInt32(),
            fork.GetProperty("image").GetString()));
        Assert.True(fork.TryGetProperty("last_used", out _) && fork.TryGetProperty("size_bytes", out _));
    }

    [Fact]
    public async Task Delete_Workspace_IsGoneAndMayBeMadeAnew()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"{Own}, \"disk_gb\": 4"));

        var deletion = await DeleteAsync(_name);

        Assert.Equal((HttpStatusCode.OK, $"Workspace '{_name}' deleted"), (deletion.Status, deletion.Text("message")));
        Assert.Equal(HttpStatusCode.NotFound, (await DeleteAsync(_name)).Status);
        var job = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));
        Assert.Equal(2, job.Number("disk_gb"));
    }

    [Fact]
    public async Task Fork_OfAWorkspace_IsMadeAndShown()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"{Own}, \"disk_gb\": 4"));

        var made = await ForkAsync($"{_name}-fork", _name);
        var shown = await _server.GetAsync($"/api/v1/mags-workspaces/{_name}-fork");

        Assert.Equal((HttpStatusCode.Created, ""), (made.Status, made.Error));
        Assert.Equal(HttpStatusCode.OK, shown.Status);
        foreach (var answer in new[] { made, shown })
        {
            Assert.Equal(
                ($"{_name}-fork", _name, 4, 0, false, false),
                (answer.Text("workspace_id"), answer.Text("base_workspace_id"), answer.Number("disk_gb"),
                    answer.Number("job_count"), answer.Flag("has_active"), answer.Flag("persistent")));
        }

        var job = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"\"workspace_id\": \"{_name}-fork\""));
        Assert.Equal("completed", job.Text("status"));
    }

    [Fact]
    public async Task Fork_OntoAnExistingName_Is409AndNamed()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));
        _ = await ForkAsync($"{_name}-fork", _name);

        var answer = await ForkAsync($"{_name}-fork", _name);

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (answer.Status, answer.Code));
        Assert.StartsWith($"there is a workspace `{_name}-fork` already", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fork_OntoItself_Is400()
    {
        var answer = await ForkAsync(_name, _name);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith("field `base_workspace_id` must not be the same", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fork_OfWhatIsNotThere_Is404AndMakesNothing()
    {
        var answer = await ForkAsync(_name, "no-such");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.StartsWith(
            "field `base_workspace_id`: there is no workspace `no-such`", answer.Error, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"/api/v1/mags-workspaces/{_name}")).Status);
    }

    [Theory]
    [InlineData("{}", "field `workspace_id` is missing")]
    [InlineData("""{"workspace_id": "w"}""", "field `base_workspace_id` is missing")]
    [InlineData("""{"workspace_id": "-w", "base_workspace_id": "b"}""", "field `workspace_id` must begin with")]
    [InlineData("""{"workspace_id": "w", "base_workspace_id": "../b"}""", "field `base_workspace_id` must begin with")]
    public async Task Fork_OfNoGoodNames_Is400AndNamesTheField(string body, string error)
    {
        var answer = await _server.PostAsync("/api/v1/mags-workspaces", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith(error, answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workspace_OfAnotherUser_Is404ForEverything()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));
        await using var other = await OtherUser.AddAsync(_server);

        var path = $"/api/v1/mags-workspaces/{_name}";
        Answer[] answers =
        [
            await other.SendAsync(HttpMethod.Get, path),
            await other.SendAsync(HttpMethod.Patch, path, """{"disk_gb": 8}"""),
            await other.SendAsync(HttpMethod.Post, $"{path}/rollback"),
            await other.SendAsync(HttpMethod.Delete, path),
            await other.SendAsync(
                HttpMethod.Post, "/api/v1/mags-workspaces", $$"""{"workspace_id": "mine", "base_workspace_id": "{{_name}}"}"""),
            await other.SendAsync(
                HttpMethod.Post,
                "/api/v1/mags-jobs",
                $$"""{"type": "inline", "script": "exit 0", "base_workspace_id": "{{_name}}"}"""),
        ];

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code)));
        Assert.Equal(2, (await _server.GetAsync(path)).Number("disk_gb"));
    }

    [Fact]
    public async Task Resize_Larger_HoldsFromTheNextJobOn()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));

        var answer = await ResizeAsync("""{"disk_gb": 8}""");

        Assert.Equal((HttpStatusCode.OK, 8), (answer.Status, answer.Number("disk_gb")));
        Assert.Equal(8, (await _server.EndAsync(await _server.AcceptAsync("exit 0", Own))).Number("disk_gb"));
    }

    [Theory]
    [InlineData("""{"disk_gb": 3}""", "field `disk_gb` must be at least 4, the size of workspace")]
    [InlineData("""{"disk_gb": 65}""", "field `disk_gb` must be from 1 to 64 on this server (JobLimits:MaxDiskGb)")]
    [InlineData("""{"disk_gb": 0}""", "field `disk_gb` must be from 1 to 64")]
    [InlineData("{}", "field `disk_gb` must be from 1 to 64")]
    [InlineData("""{"disk_gb": "8"}""", "field `disk_gb`")]
    public async Task Resize_ToWhatItCannotBe_Is400AndChangesNothing(string body, string error)
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"{Own}, \"disk_gb\": 4"));

        var answer = await ResizeAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith(error, answer.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await _server.GetAsync($"/api/v1/mags-workspaces/{_name}")).Number("disk_gb"));
    }

    [Fact]
    public async Task RollBack_WorkspaceOnThisNode_Is409()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", Own));

        var answer = await _server.PostAsync($"/api/v1/mags-workspaces/{_name}/rollback", "");

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (answer.Status, answer.Code));
        Assert.StartsWith($"workspace '{_name}' cannot go back", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sync_OfAnEndedJob_Is409()
    {
        var id = await _server.AcceptAsync("exit 0", Own);
        _ = await _server.EndAsync(id);

        var answer = await _server.PostAsync($"/api/v1/mags-jobs/{id}/sync", "");

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (answer.Status, answer.Code));
        Assert.StartsWith($"job `{id}` has ended", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"persistent\": true, \"no_sync\": true")]
    public async Task Sync_OfALocalJob_Is409(string more)
    {
        var gate = Guid.NewGuid().ToString();
        var id = await _server.AcceptAsync($"wait {gate}\nexit 0", Own + more);

        var answer = await _server.PostAsync($"/api/v1/mags-jobs/{id}/sync", "");

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (answer.Status, answer.Code));
        Assert.StartsWith($"job `{id}` has no persistent workspace to sync", answer.Error, StringComparison.Ordinal);
        _ = await _server.StopJobAsync(id);
    }

    private Task<Answer> ForkAsync(string name, string from) => _server.PostAsync(
        "/api/v1/mags-workspaces", $$"""{"workspace_id": "{{name}}", "base_workspace_id": "{{from}}"}""");

    private async Task<Answer> ResizeAsync(string body)
    {
        using var content = new StringContent(body);
        return await Answer.OfAsync(await _server.Http.PatchAsync(
            new Uri($"/api/v1/mags-workspaces/{_name}", UriKind.Relative), content, TestContext.Current.CancellationToken));
    }

    private async Task<Answer> DeleteAsync(string name) => await Answer.OfAsync(await _server.Http.DeleteAsync(
        new Uri($"{_server.Url}/api/v1/mags-workspaces/{name}"), TestContext.Current.CancellationToken));
}
