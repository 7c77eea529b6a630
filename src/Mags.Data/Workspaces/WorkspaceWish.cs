namespace Mags.Data.Workspaces;

/// <summary>Which workspace a new job wants, and how. What it leaves open is filled in when the job is added.</summary>
public sealed record WorkspaceWish
{
    /// <summary>
    /// Workspace that keeps its changes; null for none: then the disk of a persistent job is its own, and goes with it.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Workspace that it starts from; null for none.</summary>
    public string? Base { get; init; }

    /// <summary>Image that was asked for; null for that of the workspace, or the default.</summary>
    public string? Image { get; init; }

    /// <summary>GiB of disk that were asked for; null for the size there is, or the default.</summary>
    public int? DiskGb { get; init; }
}
