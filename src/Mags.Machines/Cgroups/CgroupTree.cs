namespace Mags.Machines.Cgroups;

/// <summary>A hierarchy in which machines get cgroups of their own, and what it limits there.</summary>
/// <param name="Base">Folder below which the cgroups are made.</param>
/// <param name="IsUnified">Whether it is version 2.</param>
/// <param name="Controllers">Which of <see cref="Wanted"/> it has.</param>
internal sealed record CgroupTree(string Base, bool IsUnified, IReadOnlyList<string> Controllers)
{
    internal const string Memory = "memory";
    internal const string Cpu = "cpu";
    internal const string Pids = "pids";

    /// <summary>The controllers that machines are limited by.</summary>
    internal static IReadOnlyList<string> Wanted { get; } = [Memory, Cpu, Pids];

    /// <summary>The hierarchies of this host that have a wanted controller; with a hybrid host several of both versions.</summary>
    internal static IReadOnlyList<CgroupTree> OfThisHost() =>
        Of(CgroupMount.Parse(File.ReadLines("/proc/self/mountinfo")), [.. File.ReadLines("/proc/self/cgroup")]);

    /// <param name="mounts">The mounted hierarchies.</param>
    /// <param name="own">Lines of <c>/proc/self/cgroup</c>: <c>id:controllers:path</c>.</param>
    internal static IReadOnlyList<CgroupTree> Of(IEnumerable<CgroupMount> mounts, IReadOnlyList<string> own)
    {
        var trees = new List<CgroupTree>();
        foreach (var mount in mounts)
        {
            var has = mount.IsUnified ? UnifiedControllers(mount.Path) : mount.Controllers;
            var wanted = Wanted.Intersect(has).Except(trees.SelectMany(tree => tree.Controllers)).ToList();
            if (wanted.Count > 0)
            {
                trees.Add(new CgroupTree(BaseOf(mount, wanted, own), mount.IsUnified, wanted));
            }
        }

        return trees;
    }

    // In version 1 below this process's own cgroup, so that what limits the server limits its machines. In version 2 a
    // cgroup with processes in it can have no limited children, so there at the root that is seen, as container engines
    // do.
    private static string BaseOf(CgroupMount mount, List<string> controllers, IReadOnlyList<string> own)
    {
        if (mount.IsUnified)
        {
            return mount.Path;
        }

        var path = own.Select(line => line.Split(':', 3))
            .FirstOrDefault(parts => parts.Length == 3 && parts[1].Split(',').Contains(controllers[0]))?[2] ?? "/";
        var folder = mount.FolderOf(path);
        return Directory.Exists(folder) ? folder : mount.Path;
    }

    private static string[] UnifiedControllers(string folder)
    {
        var file = Path.Combine(folder, "cgroup.controllers");
        return File.Exists(file) ? File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) : [];
    }
}
