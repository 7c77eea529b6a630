using Mags.Machines.Native;

namespace Mags.Machines.Walls;

/// <summary>
/// The files of the host that a hypervisor needs, and no other: its program, the libraries that the loader finds for it
/// and for its accelerator modules, its firmware, and a few devices.
/// </summary>
/// <param name="Shown">Files and folders, read-only.</param>
/// <param name="Devices">Devices.</param>
internal sealed record JailContents(IReadOnlyList<string> Shown, IReadOnlyList<string> Devices)
{
    /// <summary>Empty folders that a program wants to find.</summary>
    internal IReadOnlyList<string> Folders { get; init; } = [];

    private const string Loader = "/lib64/ld-linux-x86-64.so.2";

    // With it the loader opens each library at once instead of searching for it.
    private const string LoaderCache = "/etc/ld.so.cache";
    private const string AcceleratorModules = "accel-*.so";

    private static readonly string[] _devices = ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/kvm"];

    /// <summary>Finds out what a QEMU needs.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task<JailContents> FindAsync(string program, CancellationToken cancellationToken)
    {
        var prefix = Path.GetDirectoryName(Path.GetDirectoryName(program))!;
        string[] folders = ["lib/x86_64-linux-gnu/qemu", "lib64/qemu", "lib/qemu"];
        var modules = folders.Select(folder => Path.Combine(prefix, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder, AcceleratorModules));
        var shown = await WithLibrariesAsync([program, .. modules], cancellationToken);
        var firmware = Path.Combine(prefix, "share", "qemu");
        return new JailContents(
            [.. shown, .. Directory.Exists(firmware) ? [firmware] : Array.Empty<string>()],
            [.. _devices.Where(File.Exists)]);
    }

    /// <summary>Finds out what a passt needs. It goes on by itself into a view that is empty.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task<JailContents> FindPasstAsync(string program, CancellationToken cancellationToken)
    {
        // It executes the variant for the processor's newer instructions when that lies beside it.
        string[] programs = [program, program + ".avx2"];
        var shown = await WithLibrariesAsync([.. programs.Where(File.Exists)], cancellationToken);
        return new JailContents([.. shown], ["/dev/null"]) { Folders = ["/tmp"] };
    }

    private static async Task<SortedSet<string>> WithLibrariesAsync(
        string[] programs, CancellationToken cancellationToken)
    {
        var shown = new SortedSet<string>(programs, StringComparer.Ordinal);
        foreach (var path in programs)
        {
            shown.UnionWith(LibrariesIn(await Tool.RunAsync(Loader, ["--list", path], cancellationToken)));
        }

        if (File.Exists(LoaderCache))
        {
            _ = shown.Add(LoaderCache);
        }

        return shown;
    }

    /// <summary>The absolute paths in what the loader lists, such as <c>libz.so.1 => /lib/libz.so.1 (0x7f…)</c>.</summary>
    internal static IEnumerable<string> LibrariesIn(string list) => list
        .Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries)
        .Where(word => word[0] == '/');
}
