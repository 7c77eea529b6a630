using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>What a persistent workspace is after the node's disk is gone.</summary>
[Trait("Category", "Machine")]
public sealed class PersistentTests
{
    // Of everything that a file system can hold, one, and something that was there and is not any more.
    private const string Write =
        """
        set -e
        head -c 20000000 /dev/urandom > /root/gone
        head -c 3000000 /dev/urandom > /root/random
        mkdir -p /srv/deep/er
        ln -s ../deep /srv/deep/link
        mknod /opt/device c 1 3
        chown 1:2 /srv/deep
        rm /etc/motd
        sync
        rm /root/gone
        """;

    // All that a guest sees of its disk: names, kinds, owners, modes, contents; but what names the sandbox.
    private const string Look =
        """
        find /root /srv /opt /etc /usr/local -xdev ! -name hostname ! -name hosts ! -name resolv.conf -printf '%p %y %m %U:%G %l\n' | sort | sha256sum
        find /root /srv /opt /etc /usr/local -xdev -type f ! -name hostname ! -name hosts ! -name resolv.conf -print0 | sort -z | xargs -0 cat | sha256sum
        dmesg | grep -ciE 'ext4.*(error|recover)' || true
        """;

    // Alpine's find knows no -printf.
    private const string LookAtAlpine =
        """
        find /root /srv /opt /etc /usr/local -xdev ! -name hostname ! -name hosts ! -name resolv.conf | sort | xargs stat -c '%n %F %a %u:%g' | sha256sum
        find /root /srv /opt /etc /usr/local -xdev -type f ! -name hostname ! -name hosts ! -name resolv.conf -print0 | sort -z | xargs -0 cat | sha256sum
        dmesg | grep -ciE 'ext4.*(error|recover)' || true
        """;

    private static readonly string[] _parts = ["/heads/", "/snapshots/", "/packs/", "/images/"];

    public static TheoryData<string> Images => ["debian", "alpine"];

    [Theory]
    [MemberData(nameof(Images))]
    public async Task Workspace_WhoseNodeWasWiped_ComesBackFromTheStoreWithItsImage(string image)
    {
        Installation.SkipWhenAbsent(image);
        await using var server = await MagsServer.StartNewAsync();
        var look = image == "alpine" ? LookAtAlpine : Look;
        await RunAsync(server, Write, body => (body["workspace_id"], body["image"], body["persistent"]) = ("w", image, true));
        await server.Api.StopAsync("w");
        var before = await CompleteAsync(server, look, body => body["base_workspace_id"] = "w");
        Assert.Equal("synced", (string)(await server.Api.StatusAsync("w"))["sync_state"]!);

        await WipeAsync(server, image);

        Assert.Equal(before, await CompleteAsync(server, look, body => body["base_workspace_id"] = "w"));
        Assert.Equal(before, await CompleteAsync(server, look, body => body["workspace_id"] = "w"));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public async Task Fork_ThatIsPersistent_OutlivesItsBaseAndItsNode(string image)
    {
        Installation.SkipWhenAbsent(image);
        await using var server = await MagsServer.StartNewAsync();
        await CompleteAsync(
            server, "echo base > /root/file", body => (body["workspace_id"], body["image"]) = ("b", image));
        await RunAsync(server, "echo fork >> /root/file", body =>
            (body["workspace_id"], body["base_workspace_id"], body["persistent"]) = ("f", "b", true));
        await server.Api.StopAsync("f");
        await DeleteAsync(server, "b");

        await WipeAsync(server, image);

        Assert.Equal(["base", "fork"], await CompleteAsync(server, "cat /root/file", body => body["base_workspace_id"] = "f"));
    }

    [Fact]
    public async Task Sandbox_ThatReadsABaseAndStays_KeepsNothing()
    {
        await using var server = await MagsServer.StartNewAsync();
        await CompleteAsync(server, "echo base > /root/file", body => body["workspace_id"] = "b");

        var stays = await RunAsync(server, "cat /root/file; echo mine > /root/file", body =>
            (body["base_workspace_id"], body["persistent"]) = ("b", true));
        await server.Api.StopAsync((string)stays.Json["request_id"]!);

        Assert.Equal(["base"], stays.Stdout);
        Assert.Equal(["base"], await CompleteAsync(server, "cat /root/file", body => body["base_workspace_id"] = "b"));
    }

    [Fact]
    public async Task Workspace_ThatIsNotSynced_StaysOnTheNodeAlone()
    {
        await using var server = await MagsServer.StartNewAsync();
        await RunAsync(server, "echo kept > /root/file", body =>
            (body["workspace_id"], body["persistent"], body["no_sync"]) = ("w", true, true));
        await server.Api.StopAsync("w");

        Assert.Null((await server.Api.StatusAsync("w"))["sync_state"]);
        Assert.Empty(Objects(server));
        Assert.Equal(["kept"], await CompleteAsync(server, "cat /root/file", body => body["workspace_id"] = "w"));
    }

    [Fact]
    public async Task LiveSandbox_IsSyncedWhileItRuns()
    {
        await using var server = await MagsServer.StartNewAsync(settings: "\"Workspaces\": {\"SyncSeconds\": 1}");
        await RunAsync(
            server,
            "(while :; do date +%s.%N >> /root/log; sync; sleep 0.2; done) > /dev/null 2>&1 &\necho up",
            body => (body["workspace_id"], body["persistent"]) = ("w", true));
        var asked = TimeProvider.System.GetUtcNow();
        await AskForSyncAsync(server);
        var synced = await UntilAsync(server, job => (DateTimeOffset?)job["last_synced_at"] > asked.AddSeconds(3));
        Assert.Equal("running", (string)synced["status"]!);
        await server.KillAsync();
        Directory.Delete(Path.Combine(server.Home, "layers"), recursive: true);
        await server.StartAsync();

        var found = await CompleteAsync(
            server,
            "tail -n 1 /root/log; dmesg | grep -ciE 'ext4.*(error|recover)' || true",
            body => body["base_workspace_id"] = "w");
        var last = DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(found[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(last > asked.AddSeconds(2), $"the store has it as of {last}, asked at {asked}");
        Assert.Equal("0", found[1]);
        await server.Api.StopAsync("w");
    }

    [Fact]
    public async Task LiveSandbox_WhoseWorkspaceIsResized_IsSyncedAsBefore()
    {
        await using var server = await MagsServer.StartNewAsync(settings: "\"Workspaces\": {\"SyncSeconds\": 86400}");
        await RunAsync(
            server,
            "echo kept > /root/file\n(while :; do date >> /root/log; sync; sleep 0.2; done) > /dev/null 2>&1 &",
            body => (body["workspace_id"], body["persistent"]) = ("w", true));
        foreach (var size in (int[])[4, 8, 8])
        {
            using var body = new StringContent($"{{\"disk_gb\": {size}}}");
            using var resized = await server.Api.Http.PatchAsync(new Uri("mags-workspaces/w", UriKind.Relative), body, Cancel);
            Assert.True(resized.IsSuccessStatusCode);
            await SyncAsync(server);
        }

        await server.KillAsync();
        Directory.Delete(Path.Combine(server.Home, "layers"), recursive: true);
        await server.StartAsync();

        Assert.Equal(["kept"], await CompleteAsync(server, "cat /root/file", body => body["base_workspace_id"] = "w"));
        await server.Api.StopAsync("w");
    }

    [Fact]
    public async Task LiveSandbox_SyncedManyTimes_HasFewLayersAndAllItWrote()
    {
        await using var server = await MagsServer.StartNewAsync(
            settings: "\"Workspaces\": {\"SyncSeconds\": 1, \"MaxLayers\": 4}");
        await RunAsync(
            server,
            "for i in $(seq 60); do echo $i >> /root/log; sync; sleep 0.2; done",
            body => (body["workspace_id"], body["persistent"]) = ("w", true));
        await server.Api.StopAsync("w");

        Assert.Equal(
            ["60", "1830"],
            await CompleteAsync(server, "wc -l < /root/log; awk '{s+=$1} END {print s}' /root/log", body => body["workspace_id"] = "w"));
        await UntilAsync(() => Task.FromResult(Directory.GetFiles(Path.Combine(server.Home, "layers")).Length <= 5));
    }

    [Fact]
    public async Task Workspace_Deleted_LeavesNothingInTheStore()
    {
        await using var server = await MagsServer.StartNewAsync(
            settings: "\"ObjectStore\": {\"SweepGrace\": \"00:00:10\"}, \"Workspaces\": {\"SweepSeconds\": 1}");
        foreach (var name in (string[])["w", "v"])
        {
            await RunAsync(server, $"echo {name} > /root/file", body => (body["workspace_id"], body["persistent"]) = (name, true));
            await server.Api.StopAsync(name);
        }

        await DeleteAsync(server, "w");
        await UntilAsync(() => Task.FromResult(Objects(server).Count(path => path.Contains("/heads/", StringComparison.Ordinal)) == 1));
        await WipeAsync(server, "debian");
        Assert.Equal(["v"], await CompleteAsync(server, "cat /root/file", body => body["workspace_id"] = "v"));

        await DeleteAsync(server, "v");
        await UntilAsync(() => Task.FromResult(Objects(server).Count == 0));
    }

    /// <summary>Has what is written until now synced, and waits for it.</summary>
    private static async Task SyncAsync(MagsServer server)
    {
        var asked = TimeProvider.System.GetUtcNow();
        await AskForSyncAsync(server);
        _ = await UntilAsync(server, job => (DateTimeOffset?)job["last_synced_at"] > asked);
    }

    private static async Task AskForSyncAsync(MagsServer server)
    {
        using var answer = await server.Api.Http.PostAsync(new Uri("mags-jobs/w/sync", UriKind.Relative), null, Cancel);
        Assert.Contains("Sync initiated", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Objects that hold something of a workspace.</summary>
    private static List<string> Objects(MagsServer server) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(server.Home, "objects"), "*", SearchOption.AllDirectories)
            .Where(path => _parts.Any(part => path.Contains(part, StringComparison.Ordinal))),
    ];

    /// <summary>Takes all layers from the node, and the image too where another start does not make it anew.</summary>
    private static async Task WipeAsync(MagsServer server, string image)
    {
        await server.StopAsync();
        Directory.Delete(Path.Combine(server.Home, "layers"), recursive: true);
        if (image != "debian")
        {
            var record = JsonNode.Parse(await File.ReadAllTextAsync(
                Path.Combine(server.Home, "images", $"{image}.json"), Cancel))!;
            var digest = record.AsObject().First(field => field.Key.Equals("digest", StringComparison.OrdinalIgnoreCase)).Value!;
            File.Delete(Path.Combine(
                server.Home, "images", ((string)digest!).Replace(':', '-') + ".squashfs"));
        }

        await server.StartAsync();
    }

    /// <summary>Runs a script in a sandbox that stays after it.</summary>
    private static async Task<FinishedJob> RunAsync(MagsServer server, string script, Action<JsonObject> more)
    {
        var job = await server.Api.RunAsync(script, more);
        Assert.True(job is { Status: "running", ExitCode: 0 }, $"{job.Error}\n{string.Join('\n', job.Lines)}");
        return job;
    }

    private static async Task<IReadOnlyList<string>> CompleteAsync(
        MagsServer server, string script, Action<JsonObject>? more = null)
    {
        var job = await server.Api.RunAsync(script, more);
        Assert.True(job.Status == "completed", $"{job.Error}\n{string.Join('\n', job.Lines)}");
        return job.Stdout;
    }

    private static async Task DeleteAsync(MagsServer server, string workspace)
    {
        using var answer = await server.Api.Http.DeleteAsync(new Uri($"mags-workspaces/{workspace}", UriKind.Relative), Cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until the workspace's job shows something.</summary>
    private static async Task<JsonObject> UntilAsync(MagsServer server, Func<JsonObject, bool> isSo)
    {
        JsonObject? job = null;
        await UntilAsync(async () => isSo(job = await server.Api.StatusAsync("w")));
        return job!;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        while (!await isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancel);
        }
    }
}
