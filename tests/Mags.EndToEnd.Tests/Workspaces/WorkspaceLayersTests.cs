using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>What the runs of a workspace leave on the node's disk.</summary>
[Trait("Category", "Machine")]
public sealed class WorkspaceLayersTests
{
    private const int MaxLayers = 8;

    [Fact]
    public async Task Layers_OfManyRuns_BecomeFewAndHoldTheSame()
    {
        await using var server = await MagsServer.StartNewAsync();
        await RunAsync(server, "head -c 3000000 /dev/urandom > /root/random; md5sum /root/random > /root/sum");
        for (var run = 0; run < 2 * MaxLayers; run++)
        {
            await RunAsync(server, $"echo {run} >> /root/runs; rm -f /root/gone; echo {run} > /root/gone");
        }

        // Each is merged in the background, when its time comes.
        while (Directory.GetFiles(Path.Combine(server.Home, "layers")).Length > MaxLayers)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal(
            ["/root/random: OK", "16", "15"], await RunAsync(server, "md5sum -c /root/sum; wc -l < /root/runs; cat /root/gone"));
    }

    [Fact]
    public async Task Delete_Workspace_LeavesNoFileAlsoWhenItIsRead()
    {
        await using var server = await MagsServer.StartNewAsync();
        await RunAsync(server, "echo kept > /root/file");
        var reader = await server.Api.SubmitAsync(
            "echo up; read line < /dev/null; sleep 1; cat /root/file", body => body["base_workspace_id"] = "w");
        await foreach (var line in server.Api.FollowAsync(reader, TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            break;
        }

        using var deletion = await server.Api.Http.DeleteAsync(
            new Uri("mags-workspaces/w", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.True(deletion.IsSuccessStatusCode);
        Assert.Equal(["up", "kept"], (await server.Api.FinishAsync(reader)).Stdout);
        Assert.Empty(Directory.GetFiles(Path.Combine(server.Home, "layers")));
    }

    private static async Task<IReadOnlyList<string>> RunAsync(MagsServer server, string script)
    {
        var job = await server.Api.RunAsync(script, body => body["workspace_id"] = "w");
        Assert.True(job.Status == "completed", job.Error);
        return job.Stdout;
    }
}
