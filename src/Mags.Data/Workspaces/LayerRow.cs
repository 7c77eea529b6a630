namespace Mags.Data.Workspaces;

/// <summary>
/// A layer of a workspace's disk, a file of this node. Sealed, it is immutable for ever, for forks and readers start from
/// it; it goes when no workspace and no other layer needs it any more.
/// </summary>
public sealed class LayerRow
{
    /// <summary>Its id, which is the name of its file.</summary>
    public required Guid Id { get; set; }

    /// <summary>The layer that it lies on; null for the lowest, a formatted empty disk.</summary>
    public Guid? ParentId { get; set; }

    /// <summary>Size of the disk that it makes, in GiB.</summary>
    public required int DiskGb { get; set; }

    /// <summary>Bytes that its file takes on the disk, once it is sealed.</summary>
    public long Bytes { get; set; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; set; }
}
