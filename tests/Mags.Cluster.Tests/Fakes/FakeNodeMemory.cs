using Mags.Cluster.Nodes;

namespace Mags.Cluster.Tests.Fakes;

/// <summary>A node with as much memory as the test says.</summary>
internal sealed class FakeNodeMemory : INodeMemory
{
    public long TotalMib { get; set; } = 24 * 1024;

    public long AvailableMib { get; set; } = 24 * 1024;

    public MemoryReading Read() => new(TotalMib << 20, AvailableMib << 20);
}
