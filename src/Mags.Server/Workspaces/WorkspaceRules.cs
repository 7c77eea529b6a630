using System.Text.RegularExpressions;
using Mags.Contracts.Jobs;
using Mags.Contracts.Workspaces;
using Mags.Data.Workspaces;
using Mags.Server.Errors;

namespace Mags.Server.Workspaces;

/// <summary>What a job may say of its workspace, and why it is not given one.</summary>
internal static partial class WorkspaceRules
{
    public static ErrorResult? Check(CreateJobRequest request) =>
        CheckId("workspace_id", request.WorkspaceId)
        ?? CheckId("base_workspace_id", request.BaseWorkspaceId)
        ?? CheckBase(request.WorkspaceId, request.BaseWorkspaceId);

    /// <summary>What is wrong with a fork that is asked for; null when nothing is.</summary>
    public static ErrorResult? Check(CreateWorkspaceRequest request) =>
        Require("workspace_id", request.WorkspaceId)
        ?? Require("base_workspace_id", request.BaseWorkspaceId)
        ?? CheckBase(request.WorkspaceId, request.BaseWorkspaceId);

    /// <summary>What a request wants of workspaces; null when nothing.</summary>
    public static WorkspaceWish? WishOf(CreateJobRequest request, string? image) =>
        (Given(request.WorkspaceId), Given(request.BaseWorkspaceId)) is (null, null) && request.Persistent != true
            ? null
            : new WorkspaceWish
            {
                Name = Given(request.WorkspaceId),
                Base = Given(request.BaseWorkspaceId),
                Image = image,
                DiskGb = request.DiskGb,
            };

    /// <summary>A refusal in words: what is there, and how to go on.</summary>
    public static ErrorResult Refuse(WorkspaceRefusal refusal) => refusal.Kind switch
    {
        WorkspaceRefusalKind.NoBase => ErrorResult.NotFound(
            $"field `base_workspace_id`: there is no workspace `{refusal.Workspace}`; `mags workspace list` shows those there are"),
        WorkspaceRefusalKind.Busy => ErrorResult.Conflict(
            $"workspace `{refusal.Workspace}` is in use by job `{refusal.There}`: one job writes to it at a time; wait until "
            + $"it ends, or stop it (`mags stop {refusal.There}`), or start from it with `base_workspace_id`"),
        WorkspaceRefusalKind.OtherImage => ErrorResult.Conflict(
            $"workspace `{refusal.Workspace}` belongs to image `{refusal.There}`, not to `{refusal.Asked}`; leave field "
            + "`image` out, or use another workspace"),
        WorkspaceRefusalKind.Exists => ErrorResult.Conflict(
            $"there is a workspace `{refusal.Workspace}` already; name another one, or delete it (`mags workspace delete {refusal.Workspace}`)"),
        WorkspaceRefusalKind.Missing => Missing(refusal.Workspace),
        _ => ErrorResult.BadRequest(
            $"field `disk_gb` must be at least {refusal.There}, the size of workspace `{refusal.Workspace}`: a disk can only grow"),
    };

    /// <summary>There is no such workspace.</summary>
    public static ErrorResult Missing(string id) => ErrorResult.NotFound(
        $"there is no workspace `{id}`; `mags workspace list` shows those there are");

    /// <summary>What is wrong with the name of a workspace that is to be made; null when nothing is.</summary>
    public static ErrorResult? CheckNew(string id) => Require("workspace_id", id);

    private static ErrorResult? Require(string field, string? id) => Given(id) is null
        ? ErrorResult.BadRequest($"field `{field}` is missing: it is the name of a workspace")
        : CheckId(field, id);

    private static ErrorResult? CheckBase(string? own, string? from) =>
        Given(own) is { } name && name == from
            ? ErrorResult.BadRequest(
                "field `base_workspace_id` must not be the same as `workspace_id`: a base is never changed")
            : null;

    private static ErrorResult? CheckId(string field, string? id) =>
        Given(id) is { } given && !IdPattern().IsMatch(given)
            ? ErrorResult.BadRequest(
                $"field `{field}` must begin with a letter or digit and be at most 63 letters, digits, dots, "
                + "underscores and hyphens")
            : null;

    private static string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex IdPattern();
}
