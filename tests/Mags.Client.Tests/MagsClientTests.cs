using System.Net;
using System.Net.Sockets;
using System.Text;
using Mags.Client.Errors;
using Mags.Client.Tests.Fakes;
using Mags.Contracts.Jobs;
using Mags.Contracts.Workspaces;

namespace Mags.Client.Tests;

public sealed class MagsClientTests : IAsyncLifetime
{
    private ServerDouble _server = null!;
    private MagsClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerDouble.StartAsync();
        _client = NewClient(_server.Url);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task CreateJob_Accepted_SendsTheRequestAndReturnsItsId()
    {
        var request = new CreateJobRequest { Script = "echo hi", Type = "inline", MemoryMb = 256 };

        var accepted = await _client.CreateJobAsync(request, Cancellation);

        Assert.Equal(ServerDouble.JobId, accepted.RequestId);
        Assert.Equal(request, Assert.Single(_server.Jobs));
        Assert.Equal("POST /api/v1/mags-jobs", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task Workspaces_ListedAndDeleted_AreAskedForByName()
    {
        var list = await _client.ListWorkspacesAsync(Cancellation);
        var deletion = await _client.DeleteWorkspaceAsync("fork", Cancellation);

        Assert.Equal([_server.Fork], list.Workspaces);
        Assert.Equal("Workspace 'fork' deleted", deletion.Message);
        Assert.Equal(["GET /api/v1/mags-workspaces", "DELETE /api/v1/mags-workspaces/fork"], _server.Calls);
    }

    [Fact]
    public async Task Workspace_ShownForkedGrownRolledBackAndSynced_IsAskedForByName()
    {
        var fork = new CreateWorkspaceRequest { WorkspaceId = "fork", BaseWorkspaceId = "tools" };

        Assert.Equal(_server.Fork, await _client.GetWorkspaceAsync("fork", Cancellation));
        Assert.Equal(_server.Fork, await _client.CreateWorkspaceAsync(fork, Cancellation));
        Assert.Equal(
            _server.Fork,
            await _client.UpdateWorkspaceAsync("fork", new UpdateWorkspaceRequest { DiskGb = 8 }, Cancellation));
        Assert.True((await _client.RollBackWorkspaceAsync("fork", Cancellation)).Success);
        Assert.Equal("Sync initiated", (await _client.SyncJobAsync("brave-otter", Cancellation)).Message);

        Assert.Equal(
            [
                "GET /api/v1/mags-workspaces/fork",
                "POST /api/v1/mags-workspaces",
                "PATCH /api/v1/mags-workspaces/fork",
                "POST /api/v1/mags-workspaces/fork/rollback",
                "POST /api/v1/mags-jobs/brave-otter/sync",
            ],
            _server.Calls);
        Assert.Equal(
            ["""{"workspace_id":"fork","base_workspace_id":"tools"}""", """{"disk_gb":8}"""], _server.WorkspaceBodies);
    }

    [Fact]
    public async Task UploadFile_OfAnyName_IsSentWithItAndItsProgressTold()
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(new string('x', 100_000)));
        var told = new Told();

        var file = await _client.UploadFileAsync(content, "grüße \"1\".txt", told, Cancellation);

        Assert.Equal(("file-1", 100_000), (file.FileId, file.Size));
        Assert.Equal(("grüße \"1\".txt", new string('x', 100_000)), Assert.Single(_server.Files));
        Assert.Equal([65_536, 100_000], told.Bytes);
    }

    [Fact]
    public async Task UploadFile_TooLarge_IsTheServersRefusal()
    {
        _server.Refuses(413, "too_large", "the file is over the limit");
        using var content = new MemoryStream([1]);

        var fault = await Assert.ThrowsAsync<MagsApiException>(
            () => _client.UploadFileAsync(content, "a", cancellationToken: Cancellation));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "the file is over the limit"), (fault.Status, fault.Message));
    }

    private sealed class Told : IProgress<long>
    {
        public List<long> Bytes { get; } = [];

        public void Report(long value) => Bytes.Add(value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/api/v1")]
    [InlineData("/api/v1/")]
    public async Task BaseUrl_WithOrWithoutApiPath_IsTheSame(string suffix)
    {
        using var client = NewClient(_server.Url + suffix);

        var who = await client.WhoAmIAsync(Cancellation);

        Assert.Equal("ada", who.User);
        Assert.Equal("GET /api/v1/mags-whoami", Assert.Single(_server.Calls));
        Assert.Equal(_server.Url, client.BaseUrl);
    }

    [Theory]
    [InlineData("127.0.0.1:7420")]
    [InlineData("ftp://host")]
    [InlineData("")]
    public void BaseUrl_NotHttp_IsRefused(string url) => Assert.Throws<ArgumentException>(() => NewClient(url));

    [Fact]
    public async Task GetJob_NameWithSpecialCharacters_StaysOnePathSegment()
    {
        var refusal = await Assert.ThrowsAsync<MagsApiException>(() => _client.GetJobAsync("a/b?c", Cancellation));

        Assert.Equal(HttpStatusCode.NotFound, refusal.Status);
        Assert.Equal("GET /api/v1/mags-jobs/a%2Fb?c/status", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task GetLogs_AfterAndLimit_AreInTheQuery()
    {
        await _client.GetLogsAsync(ServerDouble.JobId, after: 7, limit: 3, Cancellation);

        Assert.Equal(
            $"GET /api/v1/mags-jobs/{ServerDouble.JobId}/logs?after=7&limit=3", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task ListJobs_PageAndSize_AreInTheQuery()
    {
        var list = await _client.ListJobsAsync(2, 50, Cancellation);

        Assert.Equal("echo hi", Assert.Single(list.Jobs).Script);
        Assert.Equal("GET /api/v1/mags-jobs?page=2&page_size=50", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task StopJob_Running_SaysSo()
    {
        var answer = await _client.StopJobAsync(ServerDouble.JobId, Cancellation);

        Assert.Equal("Job stopped", answer.Message);
        Assert.True(_server.Stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task ImagesAndServer_Asked_AreRead()
    {
        var images = await _client.ListImagesAsync(Cancellation);
        var server = await _client.GetServerAsync(Cancellation);

        Assert.Equal("debian", Assert.Single(images.Images).Name);
        Assert.Equal("tcg", server.Accelerator);
    }

    [Fact]
    public async Task AnyCall_Refused_CarriesStatusCodeAndTheServersSentence()
    {
        _server.Refuses(400, "invalid_request", "timeout: must be a whole number");

        var refusal = await Assert.ThrowsAsync<MagsApiException>(() => _client.WhoAmIAsync(Cancellation));

        Assert.Equal(HttpStatusCode.BadRequest, refusal.Status);
        Assert.Equal("invalid_request", refusal.Code);
        Assert.Equal("timeout: must be a whole number", refusal.Message);
    }

    [Fact]
    public async Task AnyCall_RefusedWithAPage_NamesTheStatus()
    {
        _server.RefusesRaw(502, "<html>Bad Gateway</html>");

        var refusal = await Assert.ThrowsAsync<MagsApiException>(() => _client.WhoAmIAsync(Cancellation));

        Assert.Equal(ClientErrorCodes.UnexpectedAnswer, refusal.Code);
        Assert.Equal($"{_server.Url} answered 502 Bad Gateway", refusal.Message);
    }

    [Fact]
    public async Task AnyCall_AnswerIsNoJson_SaysWhatItIsNot()
    {
        _server.RefusesRaw(200, "hello");

        var refusal = await Assert.ThrowsAsync<MagsApiException>(() => _client.WhoAmIAsync(Cancellation));

        Assert.Equal(
            $"{_server.Url} does not answer as a Mags server does: its answer cannot be read", refusal.Message);
    }

    [Fact]
    public async Task AnyCall_NothingListens_SaysConnectionRefused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://{listener.LocalEndpoint}";
        listener.Stop();
        using var client = NewClient(url);

        var failure = await Assert.ThrowsAsync<MagsApiException>(() => client.WhoAmIAsync(Cancellation));

        Assert.Null(failure.Status);
        Assert.Equal(ClientErrorCodes.Unreachable, failure.Code);
        Assert.Equal($"cannot reach {url}: connection refused", failure.Message);
    }

    [Fact]
    public async Task AnyCall_NoAnswerWithinTimeout_SaysHowLongItWaited()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://{listener.LocalEndpoint}";
        using var client = new MagsClient(new MagsClientOptions
        {
            BaseUrl = url,
            Token = "t",
            Timeout = TimeSpan.FromMilliseconds(50),
        });

        var failure = await Assert.ThrowsAsync<MagsApiException>(() => client.WhoAmIAsync(Cancellation));

        Assert.Equal(ClientErrorCodes.TimedOut, failure.Code);
        Assert.Equal($"{url} did not answer within 0.1 seconds", failure.Message);
    }

    [Fact]
    public async Task AnyCall_Cancelled_IsACancellation()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.WhoAmIAsync(cancelled.Token));
    }

    private static MagsClient NewClient(string url) =>
        new(new MagsClientOptions { BaseUrl = url, Token = ServerDouble.Token });
}
