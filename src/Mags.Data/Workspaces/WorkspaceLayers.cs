namespace Mags.Data.Workspaces;

/// <summary>What readers of a workspace start from.</summary>
/// <param name="Workspace">The workspace.</param>
/// <param name="Layers">
/// Its sealed layers, the lowest first, which is an empty disk; none or that one alone when nothing was ever kept in it.
/// </param>
public sealed record WorkspaceLayers(WorkspaceRow Workspace, IReadOnlyList<Guid> Layers)
{
    /// <summary>Size of the topmost layer's disk in GiB; 0 where that was not asked for, or there is none.</summary>
    public int DiskGb { get; init; }
}

/// <summary>A disk from elsewhere, whose files are on this node: a layer on an empty disk.</summary>
/// <param name="Lowest">The empty disk.</param>
/// <param name="Layer">The layer, sealed.</param>
/// <param name="DiskGb">Size of both in GiB.</param>
/// <param name="Bytes">What the layer's file takes.</param>
/// <param name="Image">Name of the image that it lies over.</param>
/// <param name="ImageDigest">Digest of that image.</param>
public sealed record ImportedDisk(
    Guid Lowest, Guid Layer, int DiskGb, long Bytes, string Image, string ImageDigest);

/// <summary>A layer that a job writes to.</summary>
/// <param name="Workspace">The workspace.</param>
/// <param name="Id">The layer.</param>
/// <param name="Below">The sealed layers that it lies on, the lowest first; at least that one, which is an empty disk.</param>
public sealed record OpenedLayer(WorkspaceRow Workspace, Guid Id, IReadOnlyList<Guid> Below);

/// <summary>Layers that are to become one.</summary>
/// <param name="Below">What the new one will lie on, the lowest first.</param>
/// <param name="Merged">What it takes the place of, the lowest first.</param>
/// <param name="DiskGb">Size of its disk in GiB.</param>
public sealed record LayerMerge(IReadOnlyList<Guid> Below, IReadOnlyList<Guid> Merged, int DiskGb);

/// <summary>What a sync has to bring to the object store.</summary>
/// <param name="Workspace">The workspace.</param>
/// <param name="User">Name of its user.</param>
/// <param name="Layers">Its sealed layers, the lowest first.</param>
/// <param name="SyncedLevel">
/// Place in <paramref name="Layers"/> of the one that its snapshot is equal to; -1 when none is: then all of it is compared.
/// </param>
/// <param name="DiskGb">Size of its disk in GiB.</param>
public sealed record SyncPlan(
    WorkspaceRow Workspace, string User, IReadOnlyList<Guid> Layers, int SyncedLevel, int DiskGb);

/// <summary>A workspace as lists show it.</summary>
/// <param name="Workspace">The workspace.</param>
/// <param name="HasActive">Whether a job of it is pending, running or sleeping.</param>
/// <param name="BelowOpenId">What its open layer lies on: its newest sealed one, but while that one is sealed.</param>
public sealed record WorkspaceSummary(WorkspaceRow Workspace, bool HasActive, Guid? BelowOpenId);

/// <summary>What became of a deletion.</summary>
/// <param name="Found">Whether there was such a workspace.</param>
/// <param name="ActiveJobs">How many active jobs kept it; 0 when it is deleted.</param>
/// <param name="Layers">Layers whose files nobody needs any more.</param>
/// <param name="Stored">Its id when it is in the object store too, from which it has still to go.</param>
public sealed record WorkspaceDeletion(bool Found, int ActiveJobs, IReadOnlyList<Guid> Layers, Guid? Stored);
