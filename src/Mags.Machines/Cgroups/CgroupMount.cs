namespace Mags.Machines.Cgroups;

/// <summary>A mounted cgroup hierarchy.</summary>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Root">Which of its cgroups is seen there; <c>/</c> outside of containers.</param>
/// <param name="IsUnified">Whether it is version 2.</param>
/// <param name="Controllers">The controllers that a version 1 hierarchy has; those of version 2 are in a file of it.</param>
internal sealed record CgroupMount(string Path, string Root, bool IsUnified, IReadOnlyList<string> Controllers)
{
    /// <summary>Finds the hierarchies in the lines of <c>/proc/self/mountinfo</c>.</summary>
    internal static IEnumerable<CgroupMount> Parse(IEnumerable<string> mountInfo)
    {
        foreach (var line in mountInfo)
        {
            // id parent device root mountpoint options [optional…] - type source superoptions
            var halves = line.Split(" - ", 2);
            if (halves.Length < 2)
            {
                continue;
            }

            var left = halves[0].Split(' ');
            var right = halves[1].Split(' ');
            if (right[0] is "cgroup" or "cgroup2" && left.Length > 4)
            {
                yield return new CgroupMount(left[4], left[3], right[0] == "cgroup2", right[^1].Split(','));
            }
        }
    }

    /// <summary>The folder of a cgroup that <c>/proc/PID/cgroup</c> names.</summary>
    internal string FolderOf(string cgroup)
    {
        var below = Root != "/" && cgroup.StartsWith(Root, StringComparison.Ordinal) ? cgroup[Root.Length..] : cgroup;
        return Path + below.TrimEnd('/');
    }
}
