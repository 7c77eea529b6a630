using System.Globalization;
using Mags.Cli.Output;
using Mags.Contracts.Workspaces;

namespace Mags.Cli.Commands.Workspaces;

/// <summary>A workspace as people read it.</summary>
internal static class WorkspaceView
{
    public static IReadOnlyList<string> Heading { get; } =
        ["WORKSPACE", "IMAGE", "DISK", "USED", "JOBS", "ACTIVE", "SYNC", "LAST USED", "BASE"];

    public static IReadOnlyList<Cell> Row(WorkspaceResponse workspace, TimeProvider time) =>
    [
        workspace.WorkspaceId,
        workspace.Image,
        Disk(workspace),
        Humanly.Size(workspace.SizeBytes),
        Number(workspace.JobCount),
        workspace.HasActive ? "yes" : string.Empty,
        SyncView.State(workspace.SyncState),
        Humanly.Ago(workspace.LastUsed, time),
        workspace.BaseWorkspaceId ?? string.Empty,
    ];

    public static IEnumerable<(string Name, Cell Value)> Fields(WorkspaceResponse workspace, TimeProvider time) =>
    [
        ("Workspace", workspace.WorkspaceId),
        ("Image", workspace.Image),
        ("Disk", Disk(workspace)),
        ("Used", Humanly.Size(workspace.SizeBytes)),
        ("Jobs", Number(workspace.JobCount)),
        ("Active", workspace.HasActive ? "yes" : "no"),
        ("Last used", Humanly.When(workspace.LastUsed, time)),
        ("Base", workspace.BaseWorkspaceId),
        ("Kept", workspace.Persistent ? "on the server and in the object store" : "on the server only"),
        .. SyncView.Fields(workspace.SyncState, workspace.LastSyncedAt, workspace.SyncError, time),
    ];

    private static string Disk(WorkspaceResponse workspace) => $"{Number(workspace.DiskGb)} GiB";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
