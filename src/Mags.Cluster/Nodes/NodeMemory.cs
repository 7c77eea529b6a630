using System.Globalization;

namespace Mags.Cluster.Nodes;

/// <summary>
/// Reads <c>/proc/meminfo</c> and the limits of the control groups that this process is in: the smaller counts, as
/// the machines are its children.
/// </summary>
/// <param name="root">Where <c>proc</c> and <c>sys</c> are; a test's own.</param>
internal sealed class NodeMemory(string root) : INodeMemory
{
    private const int BytesPerKib = 1024;
    private readonly IReadOnlyList<CgroupMemory> _groups = CgroupMemory.Find(root);

    public NodeMemory()
        : this("/")
    {
    }

    public MemoryReading Read()
    {
        var (total, available) = (0L, 0L);
        foreach (var line in File.ReadLines(Path.Combine(root, "proc/meminfo")))
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal))
            {
                total = Bytes(line);
            }
            else if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                // It stands in the third line; the rest costs more than it is worth.
                available = Bytes(line);
                break;
            }
        }

        foreach (var group in _groups)
        {
            if (group.Read() is { } inside)
            {
                total = Math.Min(total, inside.TotalBytes);
                available = Math.Min(available, inside.AvailableBytes);
            }
        }

        return new MemoryReading(total, available);
    }

    private static long Bytes(string line)
    {
        var number = line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim();
        return long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture) * BytesPerKib;
    }
}
