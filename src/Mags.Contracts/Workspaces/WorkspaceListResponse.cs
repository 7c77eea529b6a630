namespace Mags.Contracts.Workspaces;

/// <summary>Answer of <c>GET /mags-workspaces</c>, by name.</summary>
public sealed record WorkspaceListResponse
{
    /// <summary>All workspaces of the caller.</summary>
    public required IReadOnlyList<WorkspaceResponse> Workspaces { get; init; }

    /// <summary>How many there are.</summary>
    public required int Total { get; init; }
}
