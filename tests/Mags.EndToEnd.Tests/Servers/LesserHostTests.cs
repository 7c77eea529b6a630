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

        var job = await server.Api.RunAsync("echo behind what stands");

        Assert.Equal(("completed", "behind what stands"), (job.Status, Assert.Single(job.Stdout)));
        var walls = (await server.Api.Http.GetFromJsonAsync<JsonObject>("mags-server", TestContext.Current.CancellationToken))!
            ["walls"]!.AsArray()
            .Where(wall => !(bool)wall!["stands"]! && (string)wall["name"]! != "hardware")
            .ToDictionary(wall => (string)wall!["name"]!, wall => (string)wall!["detail"]!);
        Assert.Equal(absent.Keys.Order(), walls.Keys.Order());
        Assert.All(absent, wall => Assert.Contains(wall.Value, walls[wall.Key], StringComparison.Ordinal));
    }

    private static async Task ShellAsync(string command)
    {
        var done = await Command.RunAsync("sh", ["-c", command]);
        Assert.True(done.ExitCode == 0, done.Stderr);
    }
}
