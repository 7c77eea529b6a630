using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Mags.Bench;

/// <summary>The same root file system in containers, for those of podman, crun and gVisor that are installed.</summary>
internal sealed class Containers : IAsyncDisposable
{
    // crun refuses the hybrid cgroups of some hosts; it works once the unified tree is out of its own sight.
    private const string Hide = "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"";

    /// <summary>A container that writes to its root file system itself.</summary>
    public static readonly IReadOnlyList<string> OnRoot = ["podman run", "crun run", "runsc run"];

    /// <summary>A container that has an overlay above the root file system, as a fork has.</summary>
    public static readonly IReadOnlyList<string> OnOverlay = ["podman overlay"];

    private static readonly string[] _programFolders = ["/usr/bin", "/usr/sbin", "/usr/local/bin"];

    private readonly string _folder;

    private Containers(string folder, IReadOnlyList<string> kinds) => (_folder, Kinds) = (folder, kinds);

    public IReadOnlyList<string> Kinds { get; }

    private string Root => Path.Combine(_folder, "rootfs");

    public static async Task<Containers> PrepareAsync(
        string image, IReadOnlyList<string> peers, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("mags-bench-").FullName;
        var containers = new Containers(
            folder,
            [.. peers.Where(kind => IsInstalled(kind.Split(' ')[0]) && IsInstalled("unsquashfs"))]);
        if (containers.Kinds.Count > 0)
        {
            await RunToEndAsync(["unsquashfs", "-q", "-n", "-d", containers.Root, image], folder, cancellationToken);
        }

        foreach (var runtime in containers.Kinds.Select(kind => kind.Split(' ')[0]).Where(name => name != "podman"))
        {
            await WriteBundleAsync(runtime, containers.BundleOf(runtime), containers.Root, cancellationToken);
        }

        return containers;
    }

    /// <summary>Adds so much of incompressible data to the root file system.</summary>
    public Task AddDataAsync(int mb, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Root, "root", "data");
        return RunToEndAsync(["dd", "if=/dev/urandom", $"of={file}", "bs=1M", $"count={mb}", "status=none"], _folder, cancellationToken);
    }

    /// <summary>From the start of the command to its first output, in milliseconds.</summary>
    public async Task<double> RunAsync(string kind, CancellationToken cancellationToken)
    {
        var name = $"mags-bench-{Guid.NewGuid():N}";
        var command = kind switch
        {
            "crun run" => new[] { "crun", "run", "--bundle", BundleOf("crun"), name },
            // Its cgroups are of a version that it does not know everywhere; the network is none, as the others' is.
            "runsc run" => ["runsc", "--network=none", "--ignore-cgroups", "--root", Path.Combine(_folder, "state"),
                "run", "--bundle", BundleOf("runsc"), name],
            "podman overlay" => Podman(Root + ":O"),
            _ => Podman(Root),
        };
        var started = Stopwatch.GetTimestamp();
        using var process = Start(["unshare", "-m", "sh", "-c", Hide, "sh", .. command], _folder);
        var line = await process.StandardOutput.ReadLineAsync(cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return line == "hi" ? elapsed : throw new InvalidOperationException($"{kind}: {error}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string[] Podman(string root) =>
    [
        "podman", "--runtime", "crun", "--cgroup-manager=cgroupfs", "run", "--rm", "--network", "none",
        "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--rootfs", root, "/bin/sh", "-c", "echo hi",
    ];

    private string BundleOf(string runtime) => Path.Combine(_folder, runtime);

    /// <summary>What an OCI runtime is told to run: the specification that it writes itself, with our command and root.</summary>
    private static async Task WriteBundleAsync(
        string runtime, string bundle, string root, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(bundle);
        await RunToEndAsync([runtime, "spec"], bundle, cancellationToken);
        var path = Path.Combine(bundle, "config.json");
        var spec = JsonNode.Parse(await File.ReadAllTextAsync(path, cancellationToken))!;
        spec["root"]!["path"] = root;
        spec["process"]!["terminal"] = false;
        spec["process"]!["args"] = new JsonArray("/bin/sh", "-c", "echo hi");
        (spec["process"] as JsonObject)!.Remove("rlimits");
        await File.WriteAllTextAsync(path, spec.ToJsonString(), cancellationToken);
    }

    private static bool IsInstalled(string program) =>
        _programFolders.Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task RunToEndAsync(string[] command, string folder, CancellationToken cancellationToken)
    {
        using var process = Start(command, folder);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await output;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command[0]}: {error}");
        }
    }

    private static Process Start(string[] command, string folder) => Process.Start(
        new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        })!;
}
