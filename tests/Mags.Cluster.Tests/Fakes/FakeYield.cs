using Mags.Machines;

namespace Mags.Cluster.Tests.Fakes;

/// <summary>Holds memory of a <see cref="FakeNodeMemory"/> and gives all of it back when it is asked.</summary>
internal sealed class FakeYield(FakeNodeMemory memory, long spareMib) : IMemoryYield
{
    public long SpareMib { get; private set; } = spareMib;

    public ValueTask<bool> TryFreeAsync(long bytes, CancellationToken cancellationToken)
    {
        var any = SpareMib > 0;
        memory.AvailableMib += SpareMib;
        SpareMib = 0;
        return ValueTask.FromResult(any);
    }
}
