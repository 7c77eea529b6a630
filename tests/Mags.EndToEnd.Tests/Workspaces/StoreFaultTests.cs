using System.Net;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>An object store that is damaged, not ours, or another server's too: told in words, and nothing is lost.</summary>
[Trait("Category", "Machine")]
public sealed class StoreFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Snapshot_ThatIsDamaged_IsNamedAndTheOneBeforeIsOffered()
    {
        await using var server = await MagsServer.StartNewAsync();
        await KeepAsync(server, "echo one > /root/file");
        _ = await server.Api.RunAsync("echo two > /root/file", body => body["workspace_id"] = "w");
        while ((string)(await server.Api.StatusAsync("w"))["sync_state"]! != "synced")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancel);
        }

        await server.StopAsync();
        Directory.Delete(Path.Combine(server.Home, "layers"), recursive: true);
        var head = JsonNode.Parse(await File.ReadAllTextAsync(Head(server), Cancel))!;
        var newest = (string)head["snapshot"]!;
        await DamageAsync(Directory.EnumerateFiles(
            Path.Combine(server.Home, "objects", "snapshots"), newest, SearchOption.AllDirectories).Single());
        await server.StartAsync();

        var job = await server.Api.RunAsync("cat /root/file", body => body["base_workspace_id"] = "w");
        Assert.Equal("error", job.Status);
        Assert.Contains(newest, job.Error, StringComparison.Ordinal);
        Assert.Contains("mags workspace rollback w", job.Error, StringComparison.Ordinal);

        using var back = await server.Api.Http.PostAsync(new Uri("mags-workspaces/w/rollback", UriKind.Relative), null, Cancel);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
        var older = await server.Api.RunAsync("cat /root/file", body => body["workspace_id"] = "w");
        Assert.Equal(("completed", "one"), (older.Status, Assert.Single(older.Stdout)));
    }

    [Fact]
    public async Task Servers_WithTwoDatabasesOnOneStore_AreToldAndNeitherLosesAnything()
    {
        var store = Directory.CreateTempSubdirectory("mags-store-").FullName;
        try
        {
            var settings = $$"""
                "ObjectStore": {"Folder": "{{store}}"}, "Workspaces": {"StopSyncSeconds": 2}
                """;
            await using var first = await MagsServer.StartNewAsync(settings: settings);
            await using var second = await MagsServer.StartNewAsync(settings: settings);

            await KeepAsync(first, "echo first > /root/file");
            await KeepAsync(second, "echo second > /root/file");

            Assert.Equal("synced", (string)(await first.Api.StatusAsync("w"))["sync_state"]!);
            var refused = await second.Api.StatusAsync("w");
            Assert.Equal("error", (string)refused["sync_state"]!);
            Assert.Contains("another server wrote", (string)refused["sync_error"]!, StringComparison.Ordinal);
            foreach (var (server, content) in ((MagsServer, string)[])[(first, "first"), (second, "second")])
            {
                var job = await server.Api.RunAsync("cat /root/file", body => body["base_workspace_id"] = "w");
                Assert.Equal(("completed", content), (job.Status, Assert.Single(job.Stdout)));
            }
        }
        finally
        {
            Directory.Delete(store, recursive: true);
        }
    }

    [Fact]
    public async Task Folder_OfSomebodyElse_IsNotWrittenToAndTheServerSaysSo()
    {
        var foreign = Directory.CreateTempSubdirectory("mags-foreign-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(foreign, "theirs"), "theirs", Cancel);
            await using var server = await MagsServer.StartNewAsync(
                settings: $$"""
                    "ObjectStore": {"Folder": "{{foreign}}"}, "Workspaces": {"StopSyncSeconds": 2}
                    """);

            await KeepAsync(server, "echo kept > /root/file");

            var job = await server.Api.StatusAsync("w");
            Assert.Equal("error", (string)job["sync_state"]!);
            Assert.Contains("is not empty and holds no Mags store", (string)job["sync_error"]!, StringComparison.Ordinal);
            Assert.Equal("theirs", Path.GetFileName(Assert.Single(
                Directory.GetFileSystemEntries(foreign), path => !Path.GetFileName(path).StartsWith('.'))));
            var kept = await server.Api.RunAsync("cat /root/file", body => body["workspace_id"] = "w");
            Assert.Equal(("completed", "kept"), (kept.Status, Assert.Single(kept.Stdout)));
        }
        finally
        {
            Directory.Delete(foreign, recursive: true);
        }
    }

    private static string Head(MagsServer server) => Assert.Single(Directory.GetFiles(
        Path.Combine(server.Home, "objects", "heads"), "*", SearchOption.AllDirectories));

    private static async Task DamageAsync(string path)
    {
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Cancel);
    }

    /// <summary>Runs a script in the persistent workspace, and stops its sandbox.</summary>
    private static async Task KeepAsync(MagsServer server, string script)
    {
        var job = await server.Api.RunAsync(script, body => (body["workspace_id"], body["persistent"]) = ("w", true));
        Assert.True(job is { Status: "running", ExitCode: 0 }, job.Error);
        await server.Api.StopAsync("w");
    }
}
