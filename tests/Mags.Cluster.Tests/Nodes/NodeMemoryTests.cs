using Mags.Cluster.Nodes;

namespace Mags.Cluster.Tests.Nodes;

public sealed class NodeMemoryTests : IDisposable
{
    private const long Mib = 1024 * 1024;
    private readonly string _root = Directory.CreateTempSubdirectory("mags-memory-").FullName;

    public NodeMemoryTests() => Write(
        "proc/meminfo", "MemTotal:       24576000 kB\nMemFree:         1024000 kB\nMemAvailable:   20480000 kB\nBuffers: 1 kB\n");

    [Fact]
    public void Read_NoControlGroup_IsWhatTheKernelTells()
    {
        Assert.Equal(new MemoryReading(24000 * Mib, 20000 * Mib), new NodeMemory(_root).Read());
    }

    [Fact]
    public void Read_GroupOfVersionTwoWithALimit_IsTheSmaller()
    {
        Write("proc/self/cgroup", "0::/system.slice/mags.service\n");
        Group("sys/fs/cgroup/system.slice/mags.service", "memory.max", "max\n", "memory.current", 100, "inactive_file");
        Group("sys/fs/cgroup/system.slice", "memory.max", $"{4000 * Mib}\n", "memory.current", 1000, "inactive_file");

        Assert.Equal(new MemoryReading(4000 * Mib, 3010 * Mib), new NodeMemory(_root).Read());
    }

    [Fact]
    public void Read_GroupOfVersionOneWithALimit_IsTheSmaller()
    {
        Write("proc/self/cgroup", "5:devices:/\n4:memory:/outside/box\n0::/\n");
        Group("sys/fs/cgroup/memory", "memory.limit_in_bytes", $"{2000 * Mib}\n", "memory.usage_in_bytes", 1500, "total_inactive_file");

        Assert.Equal(new MemoryReading(2000 * Mib, 510 * Mib), new NodeMemory(_root).Read());
    }

    [Fact]
    public void Read_GroupOfVersionOneWithout_IsWhatTheKernelTells()
    {
        Write("proc/self/cgroup", "4:memory:/\n");
        Group("sys/fs/cgroup/memory", "memory.limit_in_bytes", "9223372036854771712\n", "memory.usage_in_bytes", 1500, "total_inactive_file");

        Assert.Equal(new MemoryReading(24000 * Mib, 20000 * Mib), new NodeMemory(_root).Read());
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Group(string folder, string limitFile, string limit, string usageFile, long usedMib, string reclaimable)
    {
        Write($"{folder}/{limitFile}", limit);
        Write($"{folder}/{usageFile}", $"{usedMib * Mib}\n");
        Write($"{folder}/memory.stat", $"anon 1\n{reclaimable} {10 * Mib}\n");
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
