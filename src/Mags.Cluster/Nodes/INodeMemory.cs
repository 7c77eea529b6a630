namespace Mags.Cluster.Nodes;

/// <summary>The memory of this node, as its kernel tells it.</summary>
internal interface INodeMemory
{
    /// <summary>What there is right now.</summary>
    MemoryReading Read();
}

/// <summary>A look at a node's memory.</summary>
/// <param name="TotalBytes">What the node has in all, or is allowed.</param>
/// <param name="AvailableBytes">What can be taken now without swapping.</param>
internal readonly record struct MemoryReading(long TotalBytes, long AvailableBytes);
