using System.Text.Json.Nodes;
using Mags.Bench;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>A bucket that cannot be used for a while: jobs run, the reason is told, and what it lacks is made up.</summary>
[Trait("Category", "Machine")]
public sealed class StoreOutageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Store_ThatIsDown_KeepsNoJobFromRunningAndIsMadeUpWhenItIsBack()
    {
        await using var s3 = await StartStoreAsync();
        await s3.StopAsync();
        await using var server = await MagsServer.StartNewAsync(
            settings: SettingsFor(s3), environment: S3Server.Environment);

        await KeepAsync(server, "echo kept > /root/file");

        var down = await UntilAsync(server, job => (string?)job["sync_state"] == "error");
        Assert.Contains("127.0.0.1", (string)down["sync_error"]!, StringComparison.Ordinal);
        var status = await Command.MagsAsync(server.Home, "server", "status", "--json");
        Assert.Contains("127.0.0.1", status.Stdout, StringComparison.Ordinal);
        Assert.Equal(["kept"], await CompleteAsync(server, "cat /root/file", body => body["base_workspace_id"] = "w"));

        await s3.StartAsync(Cancel);
        var back = await UntilAsync(server, job => (string?)job["sync_state"] == "synced");
        Assert.Null(back["sync_error"]);
        await WipeAsync(server);
        Assert.Equal(["kept"], await CompleteAsync(server, "cat /root/file", body => body["workspace_id"] = "w"));
    }

    [Fact]
    public async Task Store_ThatRefusesTheKeyAndLaterGoesAway_IsNamedEachTimeAndMadeUp()
    {
        await using var s3 = await StartStoreAsync();
        await using var server = await MagsServer.StartNewAsync(
            settings: SettingsFor(s3),
            environment: new Dictionary<string, string>(S3Server.Environment) { ["AWS_ACCESS_KEY_ID"] = "SOMEBODY" });

        await KeepAsync(server, "echo one > /root/file");
        await AssertFailsAsync(server, "AWS_SECRET_ACCESS_KEY");
        Assert.Equal(["one"], await CompleteAsync(server, "cat /root/file", body => body["base_workspace_id"] = "w"));

        await server.StopAsync();
        server.Environment = S3Server.Environment;
        await server.StartAsync();
        await UntilAsync(server, job => (string?)job["sync_state"] == "synced");

        await s3.StopAsync();
        Assert.Equal(["one"], await CompleteAsync(
            server, "cat /root/file; echo two > /root/file", body => body["workspace_id"] = "w"));
        await AssertFailsAsync(server, "127.0.0.1");

        await s3.StartAsync(Cancel);
        await UntilAsync(server, job => (string?)job["sync_state"] == "synced");
        Assert.Null((await StatusAsync(server))["object_store"]!["error"]);
        await WipeAsync(server);
        Assert.Equal(["two"], await CompleteAsync(server, "cat /root/file", body => body["workspace_id"] = "w"));
    }

    private static async Task<S3Server> StartStoreAsync()
    {
        var absent = S3Server.AbsentFrom(Installation.Root);
        Assert.SkipWhen(absent is not null, absent ?? "");
        var s3 = new S3Server(Installation.Root);
        await s3.StartAsync(Cancel);
        return s3;
    }

    private static string SettingsFor(S3Server s3) =>
        $"\"ObjectStore\": {s3.ObjectStore.ToJsonString()}, \"Workspaces\": {{\"StopSyncSeconds\": 1}}";

    /// <summary>Runs a script in the persistent workspace, and stops its sandbox.</summary>
    private static async Task KeepAsync(MagsServer server, string script)
    {
        var job = await server.Api.RunAsync(script, body => (body["workspace_id"], body["persistent"]) = ("w", true));
        Assert.True(job is { Status: "running", ExitCode: 0 }, job.Error);
        await server.Api.StopAsync("w");
    }

    private static async Task<IReadOnlyList<string>> CompleteAsync(
        MagsServer server, string script, Action<JsonObject> more)
    {
        var job = await server.Api.RunAsync(script, more);
        Assert.True(job.Status == "completed", job.Error);
        return job.Stdout;
    }

    /// <summary>Takes all layers from the node.</summary>
    private static async Task WipeAsync(MagsServer server)
    {
        await server.StopAsync();
        Directory.Delete(Path.Combine(server.Home, "layers"), recursive: true);
        await server.StartAsync();
    }

    /// <summary>Waits for a sync to fail, and looks for the reason wherever a person looks.</summary>
    private static async Task AssertFailsAsync(MagsServer server, string reason)
    {
        var job = await UntilAsync(server, job => (string?)job["sync_state"] == "error");
        Assert.Contains(reason, (string)job["sync_error"]!, StringComparison.Ordinal);
        Assert.Contains(reason, (string)(await StatusAsync(server))["object_store"]!["error"]!, StringComparison.Ordinal);
        Assert.Contains(
            reason, await File.ReadAllTextAsync(Path.Combine(server.Home, "magsd.log"), Cancel), StringComparison.Ordinal);
    }

    private static async Task<JsonObject> StatusAsync(MagsServer server)
    {
        var status = await Command.MagsAsync(server.Home, "server", "status", "--json");
        return JsonNode.Parse(status.Stdout)!.AsObject();
    }

    /// <summary>Waits until the workspace's job shows something.</summary>
    private static async Task<JsonObject> UntilAsync(MagsServer server, Func<JsonObject, bool> isSo)
    {
        while (true)
        {
            var job = await server.Api.StatusAsync("w");
            if (isSo(job))
            {
                return job;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancel);
        }
    }
}
