using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;
using Mags.Contracts.Jobs;
using Mags.Contracts.Workspaces;

namespace Mags.Cli.Tests.Commands.Jobs;

public sealed class JobCommandsTests : IAsyncLifetime
{
    private const string Id = ServerDouble.JobId;

    private ServerDouble _server = null!;
    private CliHarness _cli = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerDouble.StartAsync();
        _cli = CliHarness.For(_server);
    }

    public ValueTask DisposeAsync()
    {
        _cli.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task List_Jobs_IsAnAlignedTable()
    {
        var result = await _cli.RunAsync("list");

        Assert.Equal(
            $"""
            ID                                    NAME         STATUS     EXIT  CREATED    TOOK   SCRIPT
            {Id}  brave-otter  completed  0     2 min ago  1.2 s  echo hi

            """,
            result.Out);
        Assert.Equal("GET /api/v1/mags-jobs?page=1&page_size=20", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task List_OnATerminal_HasColours()
    {
        _cli.Traits = _cli.Traits with { OutputIsTerminal = true, Color = true };

        var result = await _cli.RunAsync("list");

        Assert.Contains("  \e[32mcompleted\e[0m  0     2 min ago", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_NameMovesTheCursor_IsMadeHarmless()
    {
        _server.Job = _server.Job with { Name = "a\e[2Jb\nc" };

        var result = await _cli.RunAsync("list");

        Assert.Contains("  a [2Jb c  ", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_Page_IsAskedFor()
    {
        await _cli.RunAsync("list", "--page", "3", "--page-size", "7");

        Assert.Equal("GET /api/v1/mags-jobs?page=3&page_size=7", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task List_AsJson_IsTheAnswer()
    {
        var result = await _cli.RunAsync("list", "--json");

        Assert.Equal(
            $$"""{"jobs":[{"request_id":"{{Id}}","name":"brave-otter","status":"completed","persistent":false,"no_sleep":false,"sleeping":false,"exit_code":0,"script_duration_ms":1234,"created_at":"2026-01-02T03:04:05.000000Z","image":"debian","isolation":"microvm","accelerator":"tcg","vcpus":1,"memory_mb":1024,"disk_gb":2,"script":"echo hi"}],"total":1,"page":1,"page_size":20}""" + "\n",
            result.Out);
    }

    [Fact]
    public async Task Status_Job_ShowsWhatHasAValue()
    {
        _server.Job = _server.Job with { Status = JobStatusNames.Error, ExitCode = 9, Error = "it failed" };

        var result = await _cli.RunAsync("status", "brave-otter");

        Assert.Equal(
            new CliResult(
                0,
                $"""
                Job:       {Id}
                Name:      brave-otter
                Status:    error
                Error:     it failed
                Exit code: 9
                Took:      1.2 s
                Created:   2026-01-02 03:04:05Z (2 min ago)
                Image:     debian
                Sandbox:   microvm, tcg, 1 vCPU, 1024 MiB memory, 2 GiB disk

                """,
                ""),
            result);
    }

    [Fact]
    public async Task Status_NoJobNamed_IsTheNewest()
    {
        var result = await _cli.RunAsync("status", "--json");

        Assert.StartsWith($$"""{"request_id":"{{Id}}",""", result.Out, StringComparison.Ordinal);
        Assert.Equal(
            ["GET /api/v1/mags-jobs?page=1&page_size=1", $"GET /api/v1/mags-jobs/{Id}/status"], _server.Calls);
    }

    [Fact]
    public async Task Status_UnknownJob_FailsWithTheServersSentence()
    {
        var result = await _cli.RunAsync("status", "nobody");

        Assert.Equal(new CliResult(1, "", "mags: there is no such job\n"), result);
    }

    [Fact]
    public async Task Logs_Lines_GoToTheirStreams()
    {
        _server.Prints("stdout", "one");
        _server.Prints("stderr", "two");
        _server.Prints("system", "three");

        var result = await _cli.RunAsync("logs", "brave-otter", "--after", "0", "--limit", "9");

        Assert.Equal(new CliResult(0, "one\n", "two\nmags: three\n"), result);
        Assert.Equal("GET /api/v1/mags-jobs/brave-otter/logs?limit=9", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task Logs_AsJson_IsTheAnswer()
    {
        _server.Prints("stdout", "one");

        var result = await _cli.RunAsync("logs", Id, "--json");

        Assert.Equal(
            """{"logs":[{"seq":1,"timestamp":"2026-01-02T03:04:05.000000Z","level":"info","message":"one","source":"stdout"}]}""" + "\n",
            result.Out);
    }

    [Fact]
    public async Task Logs_Followed_GoOnToTheEndAndExitZeroWhateverTheScriptDid()
    {
        _server.Prints("stdout", "one");
        _server.Ends("error", 3);

        var result = await _cli.RunAsync("logs", "-f", "brave-otter", "--json");

        Assert.Equal(
            new CliResult(
                0,
                """
                {"seq":1,"timestamp":"2026-01-02T03:04:05.000000Z","level":"info","message":"one","source":"stdout"}
                {"status":"error","exit_code":3}

                """,
                ""),
            result);
        Assert.Equal(
            ["GET /api/v1/mags-jobs/brave-otter/status", $"GET /api/v1/mags-jobs/{Id}/logs?follow=true"],
            _server.Calls);
    }

    [Fact]
    public async Task Stop_Job_SaysWhatTheServerSays()
    {
        var result = await _cli.RunAsync("stop", "brave-otter");

        Assert.Equal(new CliResult(0, "Job stopped\n", ""), result);
        Assert.Equal("POST /api/v1/mags-jobs/brave-otter/stop", _server.Calls.First());
    }

    [Theory]
    [InlineData("synced", "")]
    [InlineData("pending", "mags: workspace 'w' is not whole in the object store yet; its sync goes on\n")]
    [InlineData(
        "error", "mags: workspace 'w' is not whole in the object store, and its sync is tried again: the store is down\n")]
    public async Task Stop_PersistentJob_TellsWhatIsNotSynced(string state, string told)
    {
        _server.Job = _server.Job with { WorkspaceId = "w", SyncState = state, SyncError = "the store is down" };

        var result = await _cli.RunAsync("stop", "brave-otter");

        Assert.Equal(new CliResult(0, "Job stopped\n", told), result);
    }

    [Fact]
    public async Task Sync_Job_SaysWhatTheServerSays()
    {
        var result = await _cli.RunAsync("sync", "brave-otter");

        Assert.Equal(new CliResult(0, "Sync initiated\n", ""), result);
        Assert.Equal("POST /api/v1/mags-jobs/brave-otter/sync", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task Sync_Refused_FailsWithTheServersSentence()
    {
        _server.Refuses(409, "conflict", "job `brave-otter` has ended");

        Assert.Equal(
            new CliResult(1, "", "mags: job `brave-otter` has ended\n"), await _cli.RunAsync("sync", "brave-otter", "--json"));
    }

    [Fact]
    public async Task Status_PersistentJob_ShowsHowFarItIsSynced()
    {
        _server.Job = _server.Job with
        {
            WorkspaceId = "w",
            SyncState = SyncStateNames.Error,
            LastSyncedAt = ServerDouble.Created,
            SyncError = "the store is down",
        };

        var result = await _cli.RunAsync("status", "brave-otter");

        Assert.Contains(
            """
            Workspace:  w
            Synced:     error
            Last sync:  2026-01-02 03:04:05Z (2 min ago)
            Sync error: the store is down

            """,
            result.Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_AsJson_IsTheAnswer()
    {
        var result = await _cli.RunAsync("stop", "--json", Id);

        Assert.Equal("""{"success":true,"message":"Job stopped"}""" + "\n", result.Out);
    }

    [Fact]
    public async Task AnyCommand_TokenIsBad_FailsWithTheServersSentence()
    {
        _cli.Variables["MAGS_API_TOKEN"] = "wrong";

        var result = await _cli.RunAsync("list");

        Assert.Equal(new CliResult(1, "", "mags: the token is not valid; log in again\n"), result);
    }
}
