namespace Mags.Storage.Snapshots;

/// <summary>Names the newest snapshot of a workspace, and what else is needed to start from the store alone.</summary>
/// <param name="Writer">Id of the database whose workspace it is; no other may write it.</param>
/// <param name="User">Name of the user.</param>
/// <param name="Workspace">Name of the workspace.</param>
/// <param name="Image">Name of the image.</param>
/// <param name="ImageDigest">Digest of the image, which the store keeps.</param>
/// <param name="DiskGb">The disk's size as the user gave it.</param>
/// <param name="Snapshot">The newest snapshot.</param>
/// <param name="Previous">The one before, which is kept too; null for none.</param>
/// <param name="SyncedAt">When the newest was written.</param>
/// <param name="WorkspaceId">
/// Id of the workspace in its database, as a deleted one may be followed by another of the name; null in heads of old.
/// </param>
public sealed record WorkspaceHead(
    Guid Writer,
    string User,
    string Workspace,
    string Image,
    string ImageDigest,
    int DiskGb,
    string Snapshot,
    string? Previous,
    DateTimeOffset SyncedAt,
    Guid? WorkspaceId = null);

/// <summary>A head that was read.</summary>
/// <param name="Head">What it says.</param>
/// <param name="Version">To write the next one with.</param>
public sealed record StoredHead(WorkspaceHead Head, string Version);

/// <summary>Whether a head was written.</summary>
/// <param name="Version">Its version; null when it was not written.</param>
/// <param name="Other">What is there instead: of another database, or written meanwhile; null when it was deleted.</param>
public sealed record HeadWrite(string? Version, WorkspaceHead? Other)
{
    /// <summary>Whether it was written.</summary>
    public bool IsWritten => Version is not null;
}
