using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>A real server with a home and a port of its own, started and stopped through the README's command.</summary>
public sealed class MagsServer : IAsyncDisposable
{
    private readonly string[] _command;
    private readonly IReadOnlyDictionary<string, string> _environment;

    private MagsServer(string home, string[] command, IReadOnlyDictionary<string, string>? environment) =>
        (Home, _command, _environment) = (home, command, environment ?? new Dictionary<string, string>());

    public string Home { get; }

    public MagsApi Api { get; private set; } = null!;

    /// <summary>Starts a server whose kernel, images and templates are hard links to the prepared ones.</summary>
    /// <param name="hot">Hot machines that wait. Tests count machines: those that wait have tests of their own.</param>
    /// <param name="home">Its home, an empty folder or a seeded one; null for a new one.</param>
    /// <param name="command">Command that starts it, with what takes rights from it before; null for the README's.</param>
    /// <param name="settings">Further settings, as members of the object that is its configuration.</param>
    /// <param name="environment">Its environment beside what this process has.</param>
    public static async Task<MagsServer> StartNewAsync(
        int hot = 0,
        string? home = null,
        string[]? command = null,
        string settings = "",
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var server = new MagsServer(
            home ?? Directory.CreateTempSubdirectory("mags-e2e-").FullName, command ?? [Installation.Mags], environment);
        if (!Directory.EnumerateFileSystemEntries(server.Home).Any())
        {
            await SeedAsync(server.Home);
        }

        await OutsideWorld.EnsureAsync();
        await File.WriteAllTextAsync(
            Path.Combine(server.Home, "config.json"),
            $$$"""{"Pool": {"MinHot": {{{hot}}}, "MinUnmounted": 0, "MaxHot": {{{hot}}}, "Cold": 0}, "Network": {{{OutsideWorld.Setting}}}{{{(settings.Length > 0 ? ", " + settings : "")}}}}""");
        await server.StartAsync();
        return server;
    }

    /// <summary>A home with everything prepared, but no server and no jobs.</summary>
    public static async Task SeedAsync(string home)
    {
        foreach (var part in new[] { "kernel", "initramfs", "images", "templates", "blanks", "accelerator.json" })
        {
            var source = Path.Combine(Installation.SeedHome, part);
            if (Path.Exists(source))
            {
                var copy = await Command.RunAsync("cp", ["-al", source, home]);
                if (copy.ExitCode != 0)
                {
                    // Another file system: no links.
                    copy = await Command.RunAsync("cp", ["-a", "--sparse=always", source, home]);
                }

                Assert.True(copy.ExitCode == 0, copy.Stderr);
            }
        }
    }

    public async Task StartAsync()
    {
        var start = await Command.RunAsync(
            _command[0],
            [.. _command[1..], "server", "start", "--listen", "http://127.0.0.1:0"],
            new(_environment) { ["MAGS_HOME"] = Home });
        Assert.True(start.ExitCode == 0, $"server start: {start.Stderr}\n{Log()}");

        var client = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Home, "client.json")))!;
        Api?.Dispose();
        Api = new MagsApi((string)client["url"]!, (string)client["token"]!);
    }

    public async Task StopAsync()
    {
        var stop = await Command.MagsAsync(Home, "server", "stop");
        Assert.True(stop.ExitCode == 0, stop.Stderr);
    }

    /// <summary>Process id, as the server tells it.</summary>
    public async Task<int> PidAsync() =>
        (int)(await Api.Http.GetFromJsonAsync<JsonObject>("mags-server", TestContext.Current.CancellationToken))!["pid"]!;

    /// <summary>Waits until so many machines wait for a job.</summary>
    public async Task WaitForHotAsync(int count)
    {
        var cancelled = TestContext.Current.CancellationToken;
        while ((int)(await Api.Http.GetFromJsonAsync<JsonObject>("mags-jobs/pool-status", cancelled))!["hot_vms"]! != count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancelled);
        }
    }

    /// <summary>Ends the server as a crash would, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        using var process = Process.GetProcessById(await PidAsync());
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The hypervisors that belong to this server, found as its own reclaim does: by the home in their name.</summary>
    public IReadOnlyList<int> Hypervisors() =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && CommandLineOf(pid) is var line
                && line.Contains("qemu-system", StringComparison.Ordinal)
                && line.Contains(Home, StringComparison.Ordinal))];

    /// <summary>Folders of machines that exist on disk.</summary>
    public IReadOnlyList<string> MachineFolders() =>
        Directory.Exists(Path.Combine(Home, "machines")) ? Directory.GetFileSystemEntries(Path.Combine(Home, "machines")) : [];

    public async ValueTask DisposeAsync()
    {
        await Command.MagsAsync(Home, "server", "stop");
        Api?.Dispose();
        var left = Hypervisors();
        Directory.Delete(Home, recursive: true);
        Assert.Empty(left);
    }

    private static string CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }

    private string Log() => File.Exists(Path.Combine(Home, "magsd.log"))
        ? File.ReadAllText(Path.Combine(Home, "magsd.log"))
        : "(no log)";
}
