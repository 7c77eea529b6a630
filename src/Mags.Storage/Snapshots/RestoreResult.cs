namespace Mags.Storage.Snapshots;

/// <summary>What a restore did.</summary>
/// <param name="Snapshot">What was restored.</param>
/// <param name="BytesWritten">Bytes that the target was given.</param>
/// <param name="BytesFetched">Bytes of the store's objects that were read.</param>
public sealed record RestoreResult(SnapshotInfo Snapshot, long BytesWritten, long BytesFetched);
