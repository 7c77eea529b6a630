namespace Mags.Contracts.Workspaces;

/// <summary>Body of <c>POST /mags-workspaces</c>: a fork without a job.</summary>
public sealed record CreateWorkspaceRequest
{
    /// <summary>Name of the new workspace. Required.</summary>
    public string? WorkspaceId { get; init; }

    /// <summary>Workspace that it starts from, as that was last sealed; it stays as it is. Required.</summary>
    public string? BaseWorkspaceId { get; init; }
}
