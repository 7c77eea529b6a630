namespace Mags.Storage.Snapshots;

/// <summary>Whose disk a snapshot is of, so that it can be used where only the store is left.</summary>
/// <param name="User">Name of the user.</param>
/// <param name="Workspace">Name of the workspace.</param>
/// <param name="Image">Name of the image that the disk lies over.</param>
/// <param name="ImageDigest">That image's digest.</param>
/// <param name="DiskGb">The disk's size as the user gave it.</param>
public sealed record SnapshotSubject(string User, string Workspace, string Image, string ImageDigest, int DiskGb);
