namespace Mags.Storage.Snapshots;

/// <summary>What a sync did.</summary>
/// <param name="Id">The snapshot's id; the base's own where nothing changed.</param>
/// <param name="BytesSent">Bytes of all objects that were written.</param>
/// <param name="ObjectsSent">How many objects were written.</param>
/// <param name="ChunksSent">Chunks of 64 KiB with new content.</param>
/// <param name="ChunksUnchanged">Chunks that were looked at and are as they were.</param>
/// <param name="ChunksZeroed">Chunks that were there and are zero now.</param>
/// <param name="ChunksMoved">Chunks that were sent again because little else of their packs was alive.</param>
/// <param name="PacksLeft">Packs that are to be rewritten too, and were left for the next sync.</param>
public sealed record SnapshotResult(
    string Id,
    long BytesSent,
    int ObjectsSent,
    int ChunksSent,
    int ChunksUnchanged,
    int ChunksZeroed,
    int ChunksMoved,
    int PacksLeft);
