namespace Mags.Storage.Snapshots;

/// <summary>What a snapshot says of itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Subject">Whose disk it is.</param>
/// <param name="CreatedAt">When it was taken.</param>
/// <param name="SizeBytes">The disk's size.</param>
/// <param name="Previous">The snapshot that it was taken against; null for none.</param>
/// <param name="StoredBytes">Bytes in the store that it needs; others may need the same ones.</param>
public sealed record SnapshotInfo(
    string Id,
    SnapshotSubject Subject,
    DateTimeOffset CreatedAt,
    long SizeBytes,
    string? Previous,
    long StoredBytes);
