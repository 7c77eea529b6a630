using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Tests.Commands.Jobs;

public sealed class NewCommandTests : IAsyncLifetime
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

    [Theory]
    [InlineData(true, null)]
    [InlineData(null, "-p")]
    public async Task New_Name_IsAPersistentJobInAWorkspaceOfItsName(bool? noSync, string? option)
    {
        _server.Ends(JobStatusNames.Running, 0);

        var result = await _cli.RunAsync(["new", "box", .. option is null ? Array.Empty<string>() : [option], "--base", "tools"]);

        Assert.Equal(
            new CliResult(
                0,
                $"{Id}\n",
                "mags: sandbox 'box' is up and keeps its disk in workspace 'box'; `mags stop box` ends it\n"),
            result);
        var job = Assert.Single(_server.Jobs);
        Assert.Equal(
            ("true", "box", "box", "tools", true, noSync),
            (job.Script, job.Name, job.WorkspaceId, job.BaseWorkspaceId, job.Persistent, job.NoSync));
    }

    [Fact]
    public async Task New_AsJson_IsTheJob()
    {
        _server.Ends(JobStatusNames.Running, 0);

        var result = await _cli.RunAsync("new", "box", "--json");

        Assert.StartsWith($$"""{"request_id":"{{Id}}",""", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_ThatGetsNoSandbox_FailsWithTheReason()
    {
        _server.Ends(JobStatusNames.Error, null, "the node is lost");

        Assert.Equal(new CliResult(1, "", "mags: the node is lost\n"), await _cli.RunAsync("new", "box"));
    }

    [Fact]
    public async Task New_NameInUse_FailsWithTheServersSentence()
    {
        _server.Refuses(409, "conflict", "workspace `box` is in use by job `box`");

        Assert.Equal(
            new CliResult(1, "", "mags: workspace `box` is in use by job `box`\n"), await _cli.RunAsync("new", "box"));
    }
}
