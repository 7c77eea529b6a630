using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Servers;

/// <summary>Hosts that let the server put up a part of its walls only: jobs run behind those, and the status tells which.</summary>
[Trait("Category", "Machine")]
public sealed class LesserHostTests
{
    // Nobody's, and not the one that other programs use for that.
    private const string User = "65533";

    // Each hierarchy of cgroups is a mount; this shell's view of them is for reading alone.
    private const string WithCgroupsForReading =
        """
        for mount in $(findmnt -rn -o TARGET -t cgroup,cgroup2); do mount -o remount,ro,bind "$mount"; done
        exec "$@"
        """;

    [Fact]
    public async Task Server_ThatIsNotRoot_RunsJobsAndSaysWhichWallsAreAbsent()
    {
        // A copy of its own: the checkout's folder need not be open to others.
        var folder = Directory.CreateTempSubdirectory("mags-e2e-programs-").FullName;
        var home = Directory.CreateTempSubdirectory("mags-e2e-").FullName;
        await ShellAsync($"cp -a {Installation.Root}/artifacts/dist/. {folder} && chmod 755 {folder}");
        await ShellAsync($"cd {Installation.SeedHome} && cp -a --sparse=always kernel images templates blanks {home}");
        await ShellAsync($"chown -R {User}:{User} {home}");
        try
        {
            await AssertRunsWithoutAsync(
                home,
                ["setpriv", "--reuid", User, "--regid", User, "--clear-groups", $"{folder}/mags"],
                new()
                {
                    ["user"] = "The server does not run as root.",
                    ["files"] = "The server does not run as root.",
                    ["network"] = "The server does not run as root.",
                    ["memory"] = "The server does not run as root.",
                    ["processor"] = "The server does not run as root.",
                    ["processes"] = "The server does not run as root.",
                    ["egress"] = "The server does not run as root.",
                });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public Task Server_ThatCanWriteNoCgroup_RunsJobsAndSaysWhichWallsAreAbsent() => AssertRunsWithoutAsync(
        Directory.CreateTempSubdirectory("mags-e2e-").FullName,
        ["unshare", "--mount", "sh", "-c", WithCgroupsForReading, "sh", Installation.Mags],
        new()
        {
            ["memory"] = "Read-only file system",
            ["processor"] = "Read-only file system",
            ["processes"] = "Read-only file system",
        });

    [Fact]
    public Task Server_ThatCanMakeNoNamespace_RunsJobsAndSaysWhichWallsAreAbsent() => AssertRunsWithoutAsync(
        Directory.CreateTempSubdirectory("mags-e2e-").FullName,
        ["setpriv", "--bounding-set", "-sys_admin", Installation.Mags],
        new()
        {
            ["files"] = "unshare: Operation not permitted",
            ["network"] = "unshare: Operation not permitted",
            ["egress"] = "Operation not permitted",
        });

    private static async Task AssertRunsWithoutAsync(string home, string[] command, Dictionary<string, string> absent)
    {
        await using var server = await MagsServer.StartNewAsync(home: home, command: command);

        var id = await server.Api.SubmitAsync("echo behind what stands; read forever < /dev/zero");
        await foreach (var line in server.Api.FollowAsync(id, TestContext.Current.CancellationToken))
        {
            Assert.Equal("behind what stands", line.Message);
            break;
        }

        await AssertStandAsync(server, Assert.Single(server.Hypervisors()), absent);
        _ = await server.Api.StopAsync(id);
        var walls = (await server.Api.Http.GetFromJsonAsync<JsonObject>("mags-server", TestContext.Current.CancellationToken))!
            ["walls"]!.AsArray()
            .Where(wall => !(bool)wall!["stands"]! && (string)wall["name"]! != "hardware")
            .ToDictionary(wall => (string)wall!["name"]!, wall => (string)wall!["detail"]!);
        Assert.Equal(absent.Keys.Order(), walls.Keys.Order());
        Assert.All(absent, wall => Assert.Contains(wall.Value, walls[wall.Key], StringComparison.Ordinal));
    }

    /// <summary>Reads off a QEMU what its kernel says of the walls that are not absent.</summary>
    private static async Task AssertStandAsync(MagsServer server, int pid, Dictionary<string, string> absent)
    {
        var (folder, own) = ($"/proc/{pid}", $"/proc/{await server.PidAsync()}");
        var status = await File.ReadAllLinesAsync($"{folder}/status", TestContext.Current.CancellationToken);
        Assert.Contains("Seccomp:\t2", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.Contains(
            await File.ReadAllLinesAsync($"{folder}/limits", TestContext.Current.CancellationToken),
            line => line.StartsWith("Max open files            1024 ", StringComparison.Ordinal));
        Assert.Equal(!absent.ContainsKey("user"), UserOf(folder) != UserOf(own));
        Assert.Equal(!absent.ContainsKey("files"), Link(folder, "mnt") != Link(own, "mnt"));
        Assert.Equal(!absent.ContainsKey("network"), Link(folder, "net") != Link(own, "net"));
        Assert.Equal(
            !absent.ContainsKey("memory"),
            Path.GetFileName(server.MachineFolders().Single()) is var machine
            && (await File.ReadAllTextAsync($"{folder}/cgroup", TestContext.Current.CancellationToken))
                .Contains(machine, StringComparison.Ordinal));
    }

    private static string UserOf(string process) =>
        File.ReadLines($"{process}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));

    private static string? Link(string process, string space) => new FileInfo($"{process}/ns/{space}").LinkTarget;

    private static async Task ShellAsync(string command)
    {
        var done = await Command.RunAsync("sh", ["-c", command]);
        Assert.True(done.ExitCode == 0, done.Stderr);
    }
}
