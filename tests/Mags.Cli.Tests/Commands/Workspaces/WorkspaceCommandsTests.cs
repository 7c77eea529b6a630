using Mags.Cli.Output;
using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;
using Mags.Contracts.Workspaces;

namespace Mags.Cli.Tests.Commands.Workspaces;

public sealed class WorkspaceCommandsTests : IAsyncLifetime
{
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
    public async Task List_Workspaces_ShowsThem()
    {
        var result = await _cli.RunAsync("workspace", "list");

        Assert.Equal(
            """
            WORKSPACE  IMAGE   DISK   USED     JOBS  ACTIVE  SYNC  LAST USED  BASE
            fork       debian  2 GiB  3.0 MiB  3     yes           2 min ago  tools

            """,
            result.Out);
    }

    [Theory]
    [InlineData("synced")]
    [InlineData("pending")]
    [InlineData("error")]
    public async Task List_PersistentWorkspace_ShowsHowFarItIsSynced(string state)
    {
        _server.Fork = _server.Fork with { Persistent = true, SyncState = state };

        var result = await _cli.RunAsync("workspace", "list");

        Assert.Contains($"  yes     {state}  ", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_Local_SaysWhereItIsKept()
    {
        var result = await _cli.RunAsync("workspace", "show", "fork");

        Assert.Equal(
            new CliResult(
                0,
                """
                Workspace: fork
                Image:     debian
                Disk:      2 GiB
                Used:      3.0 MiB
                Jobs:      3
                Active:    yes
                Last used: 2026-01-02 03:04:05Z (2 min ago)
                Base:      tools
                Kept:      on the server only

                """,
                ""),
            result);
    }

    [Fact]
    public async Task Show_NotSynced_SaysSinceWhenAndWhy()
    {
        _server.Fork = _server.Fork with
        {
            Persistent = true,
            SyncState = SyncStateNames.Error,
            LastSyncedAt = ServerDouble.Created,
            SyncError = "the store is down",
        };

        var result = await _cli.RunAsync("workspace", "show", "fork");

        Assert.EndsWith(
            """
            Kept:       on the server and in the object store
            Synced:     error
            Last sync:  2026-01-02 03:04:05Z (2 min ago)
            Sync error: the store is down

            """,
            result.Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_AsJson_IsTheAnswer() => Assert.StartsWith(
        """{"workspace_id":"fork","job_count":3,""",
        (await _cli.RunAsync("workspace", "show", "fork", "--json")).Out,
        StringComparison.Ordinal);

    [Fact]
    public async Task Fork_OldAndNew_AreSentInTheirPlaces()
    {
        var result = await _cli.RunAsync("workspace", "fork", "tools", "fork");

        Assert.Equal(new CliResult(0, "Workspace 'fork' starts from 'tools'\n", ""), result);
        Assert.Equal("POST /api/v1/mags-workspaces", Assert.Single(_server.Calls));
        Assert.Equal(
            """{"workspace_id":"fork","base_workspace_id":"tools"}""", Assert.Single(_server.WorkspaceBodies));
    }

    [Fact]
    public async Task Fork_Refused_FailsWithTheServersSentence()
    {
        _server.Refuses(409, "conflict", "there is a workspace `fork` already");

        Assert.Equal(
            new CliResult(1, "", "mags: there is a workspace `fork` already\n"),
            await _cli.RunAsync("workspace", "fork", "tools", "fork"));
    }

    [Fact]
    public async Task Resize_Workspace_SetsItsDisk()
    {
        _server.Fork = _server.Fork with { DiskGb = 8 };

        var result = await _cli.RunAsync("resize", "fork", "--disk", "8");

        Assert.Equal(new CliResult(0, "Workspace 'fork' has a disk of 8 GiB from its next job on\n", ""), result);
        Assert.Equal("PATCH /api/v1/mags-workspaces/fork", Assert.Single(_server.Calls));
        Assert.Equal("""{"disk_gb":8}""", Assert.Single(_server.WorkspaceBodies));
    }

    [Fact]
    public async Task Resize_NameOfAJob_IsItsWorkspace()
    {
        _server.Job = _server.Job with { WorkspaceId = "fork" };

        var result = await _cli.RunAsync("resize", "brave-otter", "--disk", "8", "--json");

        Assert.StartsWith("""{"workspace_id":"fork",""", result.Out, StringComparison.Ordinal);
        Assert.Equal(
            [
                "PATCH /api/v1/mags-workspaces/brave-otter",
                "GET /api/v1/mags-jobs/brave-otter/status",
                "PATCH /api/v1/mags-workspaces/fork",
            ],
            _server.Calls);
    }

    [Fact]
    public async Task Resize_NameOfNothing_FailsWithTheServersFirstSentence()
    {
        _server.Refuses(404, "not_found", "there is no workspace `nobody`");

        Assert.Equal(
            new CliResult(1, "", "mags: there is no workspace `nobody`\n"),
            await _cli.RunAsync("resize", "nobody", "--disk", "8"));
    }

    [Fact]
    public async Task Resize_WithoutASize_IsAMistake() =>
        Assert.Equal(2, (await _cli.RunAsync("resize", "fork")).ExitCode);

    [Fact]
    public async Task Rollback_Forced_DoesNotAsk() => Assert.Equal(
        new CliResult(0, "Workspace 'fork' is as of 2026-01-02 03:04:05Z\n", ""),
        await _cli.RunAsync("workspace", "rollback", "fork", "--force"));

    [Fact]
    public async Task Rollback_WithNobodyToAsk_ChangesNothing()
    {
        var result = await _cli.RunAsync("workspace", "rollback", "fork");

        Assert.Equal(
            new CliResult(
                2, "", "mags: nobody can be asked here whether to roll back workspace 'fork'; --force does not ask\n"),
            result);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Rollback_AskedAndDeclined_ChangesNothing()
    {
        _cli.Traits = new TerminalTraits(true, false, true, false);
        _cli.Input = "n\n";

        var result = await _cli.RunAsync("workspace", "rollback", "fork");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "Roll back workspace 'fork' and lose what only its newest snapshot holds? [y/N] ",
            result.Err,
            StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Delete_Forced_DoesNotAsk() =>
        Assert.Equal(
            new CliResult(0, "Workspace 'fork' deleted\n", ""), await _cli.RunAsync("workspace", "delete", "fork", "--force"));

    [Fact]
    public async Task Delete_WithNobodyToAsk_DeletesNothing()
    {
        var result = await _cli.RunAsync("workspace", "delete", "fork");

        Assert.Equal(
            new CliResult(
                2, "", "mags: nobody can be asked here whether to delete workspace 'fork'; --force does not ask\n"),
            result);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData("y\n", 0)]
    [InlineData("Yes\n", 0)]
    [InlineData("n\n", 1)]
    [InlineData("\n", 1)]
    [InlineData("", 1)]
    public async Task Delete_Asked_DeletesOnlyAtAYes(string answer, int exitCode)
    {
        _cli.Traits = new TerminalTraits(true, false, true, false);
        _cli.Input = answer;

        var result = await _cli.RunAsync("workspace", "delete", "fork");

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains("Delete workspace 'fork' and all that is in it? [y/N] ", result.Err, StringComparison.Ordinal);
        Assert.Equal(exitCode == 0 ? 1 : 0, _server.Calls.Count);
    }
}
