using Mags.Cluster.Workspaces.Sync;
using Mags.Contracts.Workspaces;
using Mags.Data.Workspaces;

namespace Mags.Server.Workspaces;

/// <summary>Workspaces as the API shows them.</summary>
internal static class WorkspaceMapping
{
    /// <summary>The word for how far a workspace is in the object store; null when it is not kept there.</summary>
    public static string? NameOf(SyncStatus? sync) => sync?.State switch
    {
        null => null,
        SyncState.Synced => SyncStateNames.Synced,
        SyncState.Pending => SyncStateNames.Pending,
        _ => SyncStateNames.Error,
    };

    /// <summary>A workspace as lists show it.</summary>
    public static WorkspaceResponse ToResponse(WorkspaceSummary summary, SyncStatus? sync) => new()
    {
        WorkspaceId = summary.Workspace.Name,
        JobCount = summary.Workspace.JobCount,
        LastUsed = summary.Workspace.LastUsedAt,
        HasActive = summary.HasActive,
        Persistent = summary.Workspace.Persistent,
        SizeBytes = summary.Workspace.Bytes,
        DiskGb = summary.Workspace.DiskGb,
        Image = summary.Workspace.Image,
        BaseWorkspaceId = summary.Workspace.BaseWorkspaceId,
        SyncState = NameOf(sync),
        LastSyncedAt = sync?.LastSyncedAt,
        SyncError = sync?.Error,
    };
}
