using Mags.Cluster.Workspaces;
using Mags.Contracts;
using Mags.Contracts.Errors;
using Mags.Contracts.Workspaces;
using Mags.Data.Workspaces;
using Mags.Server.Access;
using Mags.Server.Errors;

namespace Mags.Server.Workspaces;

/// <summary>The workspaces of the API; jobs make them.</summary>
internal static class WorkspacesApi
{
    public static void MapWorkspaces(this IEndpointRouteBuilder api)
    {
        var workspaces = api.MapGroup("/mags-workspaces").WithTags("Workspaces");
        workspaces.MapGet("", ListAsync).WithName("ListWorkspaces")
            .WithSummary("The caller's workspaces, by name.")
            .Produces<WorkspaceListResponse>();
        workspaces.MapDelete("/{id}", DeleteAsync).WithName("DeleteWorkspace")
            .WithSummary("Deletes a workspace and all that only it has; forks of it stay whole.")
            .Produces<ActionResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(HttpContext context, WorkspaceStore workspaces)
    {
        var found = await workspaces.ListAsync(context.Caller().UserId, context.RequestAborted);
        return TypedResults.Json(
            new WorkspaceListResponse { Workspaces = [.. found.Select(ToResponse)], Total = found.Count },
            ServerJson.Context.WorkspaceListResponse);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, WorkspaceDisks disks, string id)
    {
        var deletion = await disks.DeleteAsync(context.Caller().UserId, id, context.RequestAborted);
        return deletion switch
        {
            { Found: false } => ErrorResult.NotFound(
                $"there is no workspace `{id}`; `mags workspace list` shows those there are"),
            { ActiveJobs: > 0 } => ErrorResult.Conflict(
                $"workspace '{id}' has {deletion.ActiveJobs} active job(s); stop them first"),
            _ => TypedResults.Json(
                new ActionResponse { Success = true, Message = $"Workspace '{id}' deleted" },
                ServerJson.Context.ActionResponse),
        };
    }

    private static WorkspaceResponse ToResponse(WorkspaceSummary summary) => new()
    {
        WorkspaceId = summary.Workspace.Name,
        JobCount = summary.Workspace.JobCount,
        LastUsed = summary.Workspace.LastUsedAt,
        HasActive = summary.HasActive,
        Persistent = false,
        SizeBytes = summary.Workspace.Bytes,
        DiskGb = summary.Workspace.DiskGb,
        Image = summary.Workspace.Image,
        BaseWorkspaceId = summary.Workspace.BaseWorkspaceId,
    };
}
