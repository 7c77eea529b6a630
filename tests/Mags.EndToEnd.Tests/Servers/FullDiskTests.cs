using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Servers;

/// <summary>A server whose home folder runs out of room, on a small file system of its own.</summary>
[Trait("Category", "Machine")]
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly string _disk = Directory.CreateTempSubdirectory("mags-e2e-disk-").FullName;
    private MagsServer _server = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Filler => Path.Combine(_disk, "filler");

    public async ValueTask InitializeAsync()
    {
        var mount = await Command.RunAsync("sh", ["-c", $"mount -t tmpfs -o size=2g,mode=755 mags-e2e {_disk}"]);
        Assert.True(mount.ExitCode == 0, mount.Stderr);
        var home = Path.Combine(_disk, "home");
        Directory.CreateDirectory(home);
        _server = await MagsServer.StartNewAsync(home: home, settings: "\"JobLimits\": {\"MinFreeDiskMib\": 16}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        var unmount = await Command.RunAsync("umount", [_disk]);
        Assert.True(unmount.ExitCode == 0, unmount.Stderr);
        Directory.Delete(_disk);
    }

    [Fact]
    public async Task Home_FilledByASandbox_ItsJobSaysSoAndTheServerGoesOn()
    {
        // What is written must not be zeros, which take no room.
        LeaveFree(128);
        var job = await _server.Api.RunAsync(
            "echo going; tr '\\0' x < /dev/zero | head -c 300M > /root/f; sync; echo done", body => body["timeout"] = 280);
        var next = await _server.Api.RunAsync("echo next");

        Assert.Equal("error", job.Status);
        Assert.Contains("disk is full", job.Error, StringComparison.Ordinal);
        Assert.Equal(["going"], job.Stdout);
        Assert.Equal(["next"], next.Stdout);
        Assert.Empty(_server.MachineFolders());
    }

    [Fact]
    public async Task Home_FilledFromOutside_JobsAreRefusedUntilThereIsRoom()
    {
        LeaveFree(0);

        var body = new JsonObject { ["type"] = "inline", ["script"] = "echo never" };
        using var refused = await _server.Api.Http.PostAsJsonAsync("mags-jobs", body, Cancelled);
        File.Delete(Filler);
        var next = await _server.Api.RunAsync("echo next");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("disk is full", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(["next"], next.Stdout);
    }

    [Fact]
    public async Task Home_ThatIsTooSmallForAnImport_SaysSoAndLeavesNothingOfIt()
    {
        // More of it than there is room for: a file system's head, and then what is not zero.
        var disk = Path.Combine(_disk, "disk");
        var made = await Command.RunAsync(
            "sh",
            [
                "-ec",
                $"truncate -s 1G {disk}; mke2fs -q -F -t ext4 {disk}; tr '\\0' x < /dev/zero "
                + $"| dd of={disk} bs=1M seek=1 count=150 iflag=fullblock conv=notrunc 2>&1",
            ]);
        Assert.True(made.ExitCode == 0, made.Stderr);

        // The server looks at the room now and then; the first time it sees that there is little, the second there is none.
        foreach (var free in (int[])[76, 40])
        {
            LeaveFree(free);
            var import = await Command.MagsAsync(_server.Home, "workspace", "import", "w", disk);
            File.Delete(Filler);

            Assert.Equal(1, import.ExitCode);
            Assert.Contains("disk is full", import.Stderr, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(Path.Combine(_server.Home, "layers")));
            Assert.Empty(_server.MachineFolders());
        }

        var taken = await Command.MagsAsync(_server.Home, "workspace", "import", "w", disk);
        Assert.True(taken.ExitCode == 0, taken.Stderr);
    }

    private void LeaveFree(int mib)
    {
        using var filler = File.OpenHandle(
            Filler, FileMode.Create, FileAccess.Write, preallocationSize: new DriveInfo(_disk).AvailableFreeSpace - ((long)mib << 20));
    }
}
