namespace Mags.Contracts.Workspaces;

/// <summary>Body of <c>PATCH /mags-workspaces/:id</c>.</summary>
public sealed record UpdateWorkspaceRequest
{
    /// <summary>Size of its disk in GiB from its next job on; a disk can only grow. Required.</summary>
    public int? DiskGb { get; init; }
}
