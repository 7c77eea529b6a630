using Mags.Cli.Output;
using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;

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
            WORKSPACE  IMAGE   DISK   USED     JOBS  ACTIVE  LAST USED  BASE
            fork       debian  2 GiB  3.0 MiB  3     yes     2 min ago  tools

            """,
            result.Out);
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
