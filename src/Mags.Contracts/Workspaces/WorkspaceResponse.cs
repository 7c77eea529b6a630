namespace Mags.Contracts.Workspaces;

/// <summary>A workspace as <c>GET /mags-workspaces</c> shows it. A field without a value is left out.</summary>
public sealed record WorkspaceResponse
{
    /// <summary>Its name.</summary>
    public required string WorkspaceId { get; init; }

    /// <summary>How many jobs it has had.</summary>
    public required int JobCount { get; init; }

    /// <summary>When a job last asked for it, also as a base.</summary>
    public required DateTimeOffset LastUsed { get; init; }

    /// <summary>Whether a job is active in it: then it can be neither deleted nor used by another.</summary>
    public required bool HasActive { get; init; }

    /// <summary>Whether it is kept in the object store as well.</summary>
    public required bool Persistent { get; init; }

    /// <summary>Bytes that it takes on the node's disk, what it shares with its base or forks included.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Size of its disk in GiB.</summary>
    public required int DiskGb { get; init; }

    /// <summary>Image that it was made on.</summary>
    public required string Image { get; init; }

    /// <summary>Workspace that it was forked from.</summary>
    public string? BaseWorkspaceId { get; init; }

    /// <summary>
    /// <c>synced</c>, <c>pending</c> or <c>error</c>: how far it is in the object store. Absent when it is not kept there.
    /// </summary>
    public string? SyncState { get; init; }

    /// <summary>What programs had flushed by then is in the object store.</summary>
    public DateTimeOffset? LastSyncedAt { get; init; }

    /// <summary>Why the last sync failed.</summary>
    public string? SyncError { get; init; }
}
