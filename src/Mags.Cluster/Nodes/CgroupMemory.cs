using System.Globalization;

namespace Mags.Cluster.Nodes;

/// <summary>One control group with a limit of memory, of version 1 or 2.</summary>
internal sealed class CgroupMemory
{
    // At least this much and it is no limit: version 1 says so by a number near the largest.
    private const long Unlimited = 1L << 60;
    private readonly string _limit;
    private readonly string _usage;
    private readonly string _statistics;
    private readonly string _reclaimable;

    private CgroupMemory(string folder, bool second)
    {
        _limit = Path.Combine(folder, second ? "memory.max" : "memory.limit_in_bytes");
        _usage = Path.Combine(folder, second ? "memory.current" : "memory.usage_in_bytes");
        _statistics = Path.Combine(folder, "memory.stat");
        _reclaimable = second ? "inactive_file " : "total_inactive_file ";
    }

    /// <summary>The groups of this process that have a limit now, from the innermost out.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
    public static IReadOnlyList<CgroupMemory> Find(string root)
    {
        var file = Path.Combine(root, "proc/self/cgroup");
        return File.Exists(file)
            ? [.. File.ReadAllLines(file).SelectMany(line => OfLine(root, line)).Where(group => group.Read() is not null)]
            : [];
    }

    /// <summary>What the limit leaves; null when there is none, or the group is gone.</summary>
    public MemoryReading? Read()
    {
        try
        {
            if (!long.TryParse(File.ReadAllText(_limit), CultureInfo.InvariantCulture, out var limit)
                || limit >= Unlimited)
            {
                return null;
            }

            var usage = long.Parse(File.ReadAllText(_usage), CultureInfo.InvariantCulture);

            // The kernel drops these pages before it refuses memory.
            var reclaimable = File.ReadLines(_statistics)
                .Where(line => line.StartsWith(_reclaimable, StringComparison.Ordinal))
                .Select(line => long.Parse(line.AsSpan(_reclaimable.Length), CultureInfo.InvariantCulture))
                .FirstOrDefault();
            return new MemoryReading(limit, Math.Max(limit - usage + reclaimable, 0));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The groups that a line like <c>4:memory:/a/b</c> or <c>0::/a/b</c> names, where they are mounted.</summary>
    private static IEnumerable<CgroupMemory> OfLine(string root, string line)
    {
        if (line.Split(':', 3) is not [_, var controllers, var path])
        {
            yield break;
        }

        var second = controllers.Length == 0;
        if (!second && !controllers.Split(',').Contains("memory"))
        {
            yield break;
        }

        var mount = Path.Combine(root, second ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
        for (var group = path; ; group = group[..Math.Max(group.LastIndexOf('/'), 0)])
        {
            yield return new CgroupMemory(mount + group, second);
            if (group.Length <= 1)
            {
                yield break;
            }
        }
    }
}
