using Mags.Data.Jobs;

namespace Mags.Data.Workspaces;

/// <summary>A workspace: a disk that jobs go on with, as a chain of layers.</summary>
/// <remarks>Times are kept in UTC and to the microsecond, on both databases.</remarks>
public sealed class WorkspaceRow
{
    /// <summary>Its id; users know it by its name.</summary>
    public required Guid Id { get; set; }

    /// <summary>Whose it is.</summary>
    public required Guid UserId { get; set; }

    /// <summary>Its name, the <c>workspace_id</c> of the API; unique among a user's.</summary>
    public required string Name { get; set; }

    /// <summary>Name of the image that it was made on.</summary>
    public required string Image { get; set; }

    /// <summary>Digest of that image, to which it belongs from its first run on; null before.</summary>
    public string? ImageDigest { get; set; }

    /// <summary>Size of its disk in GiB, from its next run on.</summary>
    public required int DiskGb { get; set; }

    /// <summary>Workspace that it was forked from; null for none.</summary>
    public string? BaseWorkspaceId { get; set; }

    /// <summary>Its newest sealed layer: what readers and forks start from; null while nothing was ever kept.</summary>
    public Guid? TopLayerId { get; set; }

    /// <summary>The layer that its running job writes to, or that a dead server has left; null when there is none.</summary>
    public Guid? OpenLayerId { get; set; }

    /// <summary>The job whose disk it is, with which it goes; null for a workspace that a user named.</summary>
    public Guid? OwnerJobId { get; set; }

    /// <summary>Whether it is kept in the object store, from the first job on that wanted that.</summary>
    public bool Persistent { get; set; }

    /// <summary>Its newest snapshot in the object store; null while there is none.</summary>
    public string? SnapshotId { get; set; }

    /// <summary>The layer that the snapshot is equal to, on this node; null when there is none.</summary>
    public Guid? SyncedLayerId { get; set; }

    /// <summary>When that layer was sealed: what was written until then is in the object store.</summary>
    public DateTimeOffset? SyncedAt { get; set; }

    /// <summary>Why its last sync failed; null when it did not.</summary>
    public string? SyncError { get; set; }

    /// <summary>Bytes that its sealed layers take on the disk; forks share layers.</summary>
    public long Bytes { get; set; }

    /// <summary>How many jobs it has had.</summary>
    public int JobCount { get; set; }

    /// <summary>Whether the object store has what it holds, and this node has nothing of it.</summary>
    public bool IsStoredAlone => TopLayerId is null && SnapshotId is not null;

    /// <summary>Name of the workspace that a job's disk is: its own or, of a persistent job without one, a hidden one.</summary>
    /// <returns>Null when nothing of the job is kept.</returns>
    public static string? NameOf(JobRow job) =>
        job.WorkspaceId ?? (job.Persistent ? "job/" + job.Id.ToString("N") : null);

    /// <summary>A workspace that starts from what another is now; local, until a persistent job uses it.</summary>
    internal static WorkspaceRow ForkOf(WorkspaceRow from, string name, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(),
        UserId = from.UserId,
        Name = name,
        Image = from.Image,
        ImageDigest = from.ImageDigest,
        DiskGb = from.DiskGb,
        BaseWorkspaceId = from.Name,
        TopLayerId = from.TopLayerId,
        SnapshotId = from.SnapshotId,
        SyncedLayerId = from.SyncedLayerId,
        Bytes = from.Bytes,
        CreatedAt = now,
        LastUsedAt = now,
    };

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>When a job last asked for it, also as a base.</summary>
    public required DateTimeOffset LastUsedAt { get; set; }
}
