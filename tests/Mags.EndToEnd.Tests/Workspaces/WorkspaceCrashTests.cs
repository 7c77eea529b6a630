using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>What was made durable in a workspace is there after a crash, and nothing of the crash is left.</summary>
[Trait("Category", "Machine")]
public sealed class WorkspaceCrashTests
{
    private const string Write = "echo first > /root/file; sync; echo up; while :; do echo x >> /root/more; done";

    [Fact]
    public async Task Server_Killed_WorkspaceGoesOnWithWhatWasDurable()
    {
        await using var server = await MagsServer.StartNewAsync();
        await BeginAsync(server);

        await server.KillAsync();
        await server.StartAsync();

        await AssertGoesOnAsync(server);
    }

    [Fact]
    public async Task Hypervisor_Killed_WorkspaceGoesOnWithWhatWasDurable()
    {
        await using var server = await MagsServer.StartNewAsync();
        var id = await BeginAsync(server);

        var kill = await Command.RunAsync("kill", ["-9", $"{Assert.Single(server.Hypervisors())}"]);
        Assert.Equal(0, kill.ExitCode);
        Assert.Equal("error", (await server.Api.FinishAsync(id)).Status);

        await AssertGoesOnAsync(server);
    }

    [Fact]
    public async Task Server_Restarted_WorkspacesAreAsBeforeAndFilesOfNobodyAreGone()
    {
        await using var server = await MagsServer.StartNewAsync();
        await server.Api.RunAsync("echo first > /root/file", body => body["workspace_id"] = "w");
        await server.StopAsync();
        var nobodys = Path.Combine(server.Home, "layers", $"{Guid.NewGuid():N}.qcow2");
        await File.WriteAllTextAsync(nobodys, "", TestContext.Current.CancellationToken);

        await server.StartAsync();

        Assert.False(File.Exists(nobodys));
        await AssertGoesOnAsync(server);
    }

    private static async Task<string> BeginAsync(MagsServer server)
    {
        var id = await server.Api.SubmitAsync(Write, body => body["workspace_id"] = "w");
        await foreach (var line in server.Api.FollowAsync(id, TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            break;
        }

        return id;
    }

    private static async Task AssertGoesOnAsync(MagsServer server)
    {
        var next = await server.Api.RunAsync("cat /root/file; echo second > /root/file", body => body["workspace_id"] = "w");
        var last = await server.Api.RunAsync("cat /root/file", body => body["base_workspace_id"] = "w");

        Assert.Equal(("completed", "first"), (next.Status, Assert.Single(next.Stdout)));
        Assert.Equal(("completed", "second"), (last.Status, Assert.Single(last.Stdout)));
        Assert.Empty(server.Hypervisors());
        Assert.Empty(server.MachineFolders());
    }
}
