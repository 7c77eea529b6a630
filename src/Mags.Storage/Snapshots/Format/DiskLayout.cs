namespace Mags.Storage.Snapshots.Format;

/// <summary>How a disk is cut: chunks, pages of chunks, nodes of pages. Part of the format: never to be changed.</summary>
internal static class DiskLayout
{
    public const int ChunkBytes = 64 << 10;
    public const int ChunksOfPage = 256;
    public const int PagesOfNode = 64;

    /// <summary>Levels of what lies in a pack.</summary>
    public const byte Chunk = 0, Page = 1, Node = 2;

    // What a node's number still holds; far more than any disk.
    public const int MaxNodes = 1 << 12;

    public static int ChunksOf(long sizeBytes) => checked((int)((sizeBytes + ChunkBytes - 1) / ChunkBytes));

    public static int NodesOf(long sizeBytes)
    {
        const int OfNode = ChunksOfPage * PagesOfNode;
        return (ChunksOf(sizeBytes) + OfNode - 1) / OfNode;
    }
}
