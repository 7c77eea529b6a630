using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>Workspaces leave a server as raw disks, and come back.</summary>
[Trait("Category", "Machine")]
public sealed class WorkspaceTransferTests : IAsyncLifetime
{
    private const string Write =
        """
        set -e
        head -c 5000000 /dev/urandom > /root/random
        mkdir -p /srv/deep
        echo kept > /srv/deep/file
        cd / && sha256sum /root/random /srv/deep/file > /root/sums
        cat /root/sums
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("mags-transfer-").FullName;
    private MagsServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Config => Path.Combine(_server.Home, "config.json");

    private string Layers => Path.Combine(_server.Home, "layers");

    public async ValueTask InitializeAsync() => _server = await MagsServer.StartNewAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Workspace_ExportedDeletedAndImported_HoldsTheSame()
    {
        var sums = await RunAsync(Write);
        var file = Path.Combine(_folder, "w.raw");

        await MagsAsync("workspace", "export", "w", file);
        await MagsAsync("workspace", "delete", "w", "--force");
        Assert.Empty(Directory.GetFiles(Layers));
        await MagsAsync("workspace", "import", "w", file, "--image", "debian");

        Assert.Equal(
            ["/root/random: OK", "/srv/deep/file: OK", .. sums, "clean"],
            await RunAsync("sha256sum -c /root/sums; cat /root/sums; dmesg | grep -i 'ext4.*error' || echo clean"));
        Assert.Equal(2L << 30, new FileInfo(file).Length);
        var blocks = await Command.RunAsync("stat", ["-c", "%b", file]);
        Assert.InRange(long.Parse(blocks.Stdout, System.Globalization.CultureInfo.InvariantCulture) * 512, 5_000_000, 100_000_000);
        Assert.Empty(_server.Hypervisors());
    }

    [Fact]
    public async Task Workspace_ThroughPipes_HoldsTheSameAsTheAnswer()
    {
        await RunAsync(Write);
        var (plain, piped) = (Path.Combine(_folder, "plain"), Path.Combine(_folder, "piped"));

        using (var answer = await _server.Api.Http.GetAsync(
            new Uri("mags-workspaces/w/export", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel))
        {
            Assert.Equal(
                (2L << 30, "2", "debian"),
                (answer.Content.Headers.ContentLength, Assert.Single(answer.Headers.GetValues("X-Mags-Disk-Gb")),
                    Assert.Single(answer.Headers.GetValues("X-Mags-Image"))));
            await using var file = File.Create(plain);
            await answer.Content.CopyToAsync(file, Cancel);
        }

        // A shell's own pipes: what is in them is not held by this test.
        var pipes = await Command.RunAsync(
            "bash",
            [
                "-ec",
                $"set -o pipefail; {Installation.Mags} workspace export w - | tee {piped} | {Installation.Mags} workspace import again -; "
                + $"cmp {plain} {piped}",
            ],
            new() { ["MAGS_HOME"] = _server.Home });

        Assert.True(pipes.ExitCode == 0, pipes.Stderr);
        Assert.Equal(["/root/random: OK", "/srv/deep/file: OK"], await RunAsync("sha256sum -c /root/sums", "again"));
    }

    [Fact]
    public async Task Workspace_ThatTheStoreAloneHas_IsExportedAsItWas()
    {
        var job = await _server.Api.RunAsync(Write, body => (body["workspace_id"], body["persistent"]) = ("w", true));
        Assert.True(job is { Status: "running", ExitCode: 0 }, job.Error);
        await _server.Api.StopAsync("w");
        var (before, after) = (Path.Combine(_folder, "before"), Path.Combine(_folder, "after"));
        await MagsAsync("workspace", "export", "w", before);

        // Short of room from the start: what the store has whole goes at once.
        await _server.StopAsync();
        var config = JsonNode.Parse(await File.ReadAllTextAsync(Config, Cancel))!;
        config["Workspaces"] = new JsonObject { ["EvictBelowMib"] = int.MaxValue };
        await File.WriteAllTextAsync(Config, config.ToJsonString(), Cancel);
        await _server.StartAsync();
        await UntilAsync(() => Directory.GetFiles(Layers).Length == 0);
        await MagsAsync("workspace", "export", "w", after);

        var same = await Command.RunAsync("cmp", [before, after]);
        Assert.True(same.ExitCode == 0, same.Stdout);
    }

    [Theory]
    [InlineData("qcow2", "qemu-img convert -O raw")]
    [InlineData("garbage", "holds no ext4 file system")]
    [InlineData("too-short", "ends after")]
    [InlineData("too-long", "goes on after 1 GiB")]
    public async Task Import_OfWhatIsNoDisk_IsRefusedAndLeavesNothing(string kind, string error)
    {
        var file = Path.Combine(_folder, kind);
        await MakeAsync(kind, file);

        var import = await Command.MagsAsync(_server.Home, "workspace", "import", "w", file, "--disk", "1");

        Assert.Equal(1, import.ExitCode);
        Assert.Contains(error, import.Stderr, StringComparison.Ordinal);
        await AssertNothingAsync();
    }

    [Fact]
    public async Task Import_CutOff_LeavesNothing()
    {
        using (await BeginImportAsync())
        {
            // Its client goes.
        }

        await AssertNothingAsync();
    }

    [Fact]
    public async Task Import_ThatTheServersStopCutsOff_IsToldSoAndLeavesNothing()
    {
        using var import = await BeginImportAsync();

        await _server.StopAsync();

        using var answer = new StreamReader(import.GetStream());
        Assert.StartsWith("HTTP/1.1 503 ", await answer.ReadLineAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Layers));
        Assert.Empty(_server.Hypervisors());
        Assert.Empty(_server.MachineFolders());
    }

    /// <summary>Sends a part of a disk; returns when it is being written.</summary>
    private async Task<TcpClient> BeginImportAsync()
    {
        var file = Path.Combine(_folder, "disk");
        await MakeAsync("disk", file);
        var client = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_server.Home, "client.json"), Cancel))!;
        var url = new Uri((string)client["url"]!);
        var socket = new TcpClient();
        await socket.ConnectAsync(url.Host, url.Port, Cancel);
        var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/v1/mags-workspaces/w/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client["token"]}\r\n"
                + $"Content-Length: {1L << 30}\r\n\r\n"),
            Cancel);
        await using var disk = File.OpenRead(file);
        var some = new byte[64 << 20];
        await disk.ReadExactlyAsync(some, Cancel);
        await stream.WriteAsync(some, Cancel);
        await UntilAsync(() => Directory.Exists(Layers) && Directory.GetFiles(Layers).Length == 2);
        return socket;
    }

    private static async Task MakeAsync(string kind, string file)
    {
        (string Program, string[] Arguments)[] steps = kind switch
        {
            "qcow2" => [("qemu-img", ["create", "-q", "-f", "qcow2", file, "1G"])],
            "garbage" => [("truncate", ["-s", "1G", file])],
            "too-long" => [("truncate", ["-s", "2G", file]), ("mke2fs", ["-q", "-F", "-t", "ext4", file])],
            "too-short" => [("truncate", ["-s", "600M", file]), ("mke2fs", ["-q", "-F", "-t", "ext4", file])],
            _ => [("truncate", ["-s", "1G", file]), ("mke2fs", ["-q", "-F", "-t", "ext4", file])],
        };
        foreach (var (program, arguments) in steps)
        {
            var step = await Command.RunAsync(program, arguments);
            Assert.True(step.ExitCode == 0, step.Stderr);
        }
    }

    private async Task AssertNothingAsync()
    {
        // A server that saw its client go has still to close the disk.
        await UntilAsync(() => (!Directory.Exists(Layers) || Directory.GetFiles(Layers).Length == 0)
            && _server.Hypervisors().Count == 0);
        using var show = await _server.Api.Http.GetAsync(new Uri("mags-workspaces/w", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.NotFound, show.StatusCode);
        Assert.Equal(
            0, (int)(await _server.Api.Http.GetFromJsonAsync<JsonObject>("mags-workspaces", Cancel))!["total"]!);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
        }
    }

    private async Task<IReadOnlyList<string>> RunAsync(string script, string workspace = "w")
    {
        var job = await _server.Api.RunAsync(script, body => body["workspace_id"] = workspace);
        Assert.True(job.Status == "completed", $"{job.Error}\n{string.Join('\n', job.Lines)}");
        return job.Stdout;
    }

    private async Task MagsAsync(params string[] arguments)
    {
        var result = await Command.MagsAsync(_server.Home, arguments);
        Assert.True(result.ExitCode == 0, result.Stderr);
    }
}
