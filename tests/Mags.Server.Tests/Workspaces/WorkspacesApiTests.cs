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
    [InlineData("\"image\": \"alpine\"", HttpStatusCode.Conflict, "belongs to image `debian`")]
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

    private async Task<Answer> DeleteAsync(string name) => await Answer.OfAsync(await _server.Http.DeleteAsync(
        new Uri($"{_server.Url}/api/v1/mags-workspaces/{name}"), TestContext.Current.CancellationToken));
}
