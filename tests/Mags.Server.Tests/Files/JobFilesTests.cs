using System.Net;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Files;

/// <summary>Uploads in jobs: who gets them, and when they go.</summary>
public sealed class JobFilesTests(SharedServer shared)
{
    private const string ShortLived = """{"Files": {"ExpiryHours": 0.0002}}""";

    private readonly RunningServer _server = shared.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_NamingFiles_FindsThemAndTheLaterOfEqualNames()
    {
        var first = await _server.UploadAsync("a", "one");
        var second = await _server.UploadAsync("b", "two");
        var third = await _server.UploadAsync("a", "three");

        var id = await _server.AcceptAsync("file a\nfile b", Files(first, second, third, second));

        Assert.Equal("completed", (await _server.EndAsync(id)).Text("status"));
        Assert.Equal(["three", "two"], await _server.LogAsync(id));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("01998c0d-0000-7000-8000-000000000001")]
    [InlineData("{01998c0d-0000-7000-8000-000000000001}")]
    public async Task Post_UnknownFile_Is400ThatNamesIt(string id)
    {
        var known = await _server.UploadAsync("a", "one");

        var answer = await _server.PostJobAsync("exit 0", Files(known, id));

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith(
            $"field `file_ids`: there is no uploaded file `{id}`, or it has expired; ", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_NullAmongFiles_Is400()
    {
        var answer = await _server.PostJobAsync("exit 0", "\"file_ids\": [null]");

        Assert.Equal(
            (HttpStatusCode.BadRequest, "field `file_ids` must be a list of strings"), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task Post_MoreFilesThanMayBe_Is400ThatNamesTheLimit()
    {
        var answer = await _server.PostJobAsync("exit 0", Files([.. Enumerable.Repeat("x", 101)]));

        Assert.Equal(
            (HttpStatusCode.BadRequest, "field `file_ids` names 101 files; the limit is 100 (JobLimits:MaxFiles)"),
            (answer.Status, answer.Error));
    }

    [Fact]
    public async Task File_DamagedInTheStore_EndsItsJobInAnErrorThatNamesIt()
    {
        var id = await _server.UploadAsync("a.bin", "what was uploaded");
        await File.WriteAllTextAsync(_server.ObjectOf(id), "what was uplOaded", Cancelled);

        var job = await _server.EndAsync(await _server.AcceptAsync("file a.bin", Files(id)));

        Assert.Equal("error", job.Text("status"));
        Assert.StartsWith("uploaded file `a.bin` cannot be read: ", job.Error, StringComparison.Ordinal);
        Assert.EndsWith(
            "has other content than was uploaded; upload the file again", job.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_GoneFromTheStore_EndsItsJobInAnErrorThatNamesIt()
    {
        var id = await _server.UploadAsync("a.bin", "what was uploaded");
        File.Delete(_server.ObjectOf(id));

        var job = await _server.EndAsync(await _server.AcceptAsync("file a.bin", Files(id)));

        Assert.Equal("error", job.Text("status"));
        Assert.StartsWith("uploaded file `a.bin` cannot be read: ", job.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_Unused_ExpiresButNotUnderAnUnfinishedJob()
    {
        await using var server = await RunningServer.StartAsync(ShortLived);
        var used = await server.UploadAsync("a", "one");
        var job = await server.AcceptAsync("out up\nwait gate", Files(used));
        await server.RunningAsync(job);
        var unused = await server.UploadAsync("b", "two");

        await FileClient.UntilAsync(() => !File.Exists(server.ObjectOf(unused)));

        Assert.Equal([server.ObjectOf(used)], server.Objects());
        var answer = await server.PostJobAsync("exit 0", Files(unused));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(
            $"field `file_ids`: there is no uploaded file `{unused}`, or it has expired; upload it (POST /mags-files) and name "
            + "the `file_id` of the answer",
            answer.Error);
        server.Machines.Open("gate");
        Assert.Equal("completed", (await server.EndAsync(job)).Text("status"));
        await FileClient.UntilAsync(() => server.Objects().Count == 0);
    }

    [Fact]
    public async Task Start_ContentWithoutARow_IsRemovedUnlessItIsYoung()
    {
        await using var server = await RunningServer.StartAsync();
        var kept = await server.UploadAsync("a", "one");
        var (old, young) = (server.ObjectOf($"{Guid.NewGuid()}"), server.ObjectOf($"{Guid.NewGuid()}"));
        await File.WriteAllTextAsync(old, "left by a crash", Cancelled);
        await File.WriteAllTextAsync(young, "its row comes", Cancelled);
        File.SetLastWriteTimeUtc(old, File.GetLastWriteTimeUtc(old).AddHours(-2));
        File.SetLastWriteTimeUtc(server.ObjectOf(kept), File.GetLastWriteTimeUtc(old));

        await using var next = await server.RestartAsync();
        await FileClient.UntilAsync(() => !File.Exists(old));

        Assert.Equal(
            new[] { young, next.ObjectOf(kept) }.Order(), next.Objects().Order());
    }

    private static string Files(params string[] ids) => $"\"file_ids\": [\"{string.Join("\", \"", ids)}\"]";
}
