using Mags.Cluster.Workspaces;
using Mags.Cluster.Workspaces.Sync;
using Mags.Contracts;
using Mags.Contracts.Errors;
using Mags.Contracts.Workspaces;
using Mags.Data.Workspaces;
using Mags.Server.Access;
using Mags.Server.Errors;
using Mags.Server.Jobs;
using Mags.Server.OpenApi;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Mags.Server.Workspaces;

/// <summary>The workspaces of the API; jobs make them, and forks.</summary>
internal static class WorkspacesApi
{
    public static void MapWorkspaces(this IEndpointRouteBuilder api)
    {
        var workspaces = api.MapGroup("/mags-workspaces").WithTags("Workspaces");
        workspaces.MapGet("", ListAsync).WithName("ListWorkspaces")
            .WithSummary("The caller's workspaces, by name.")
            .Produces<WorkspaceListResponse>();
        workspaces.MapPost("", CreateAsync).WithName("CreateWorkspace")
            .WithSummary("Forks a workspace without a job; it costs no room and no time.")
            .WithMetadata(new JsonBody(typeof(CreateWorkspaceRequest)))
            .Produces<WorkspaceResponse>(StatusCodes.Status201Created)
            .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict);
        workspaces.MapGet("/{id}", ShowAsync).WithName("GetWorkspace")
            .WithSummary("A workspace.")
            .Produces<WorkspaceResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound);
        workspaces.MapPatch("/{id}", UpdateAsync).WithName("UpdateWorkspace")
            .WithSummary("Lets its disk grow, from its next job on.")
            .WithMetadata(new JsonBody(typeof(UpdateWorkspaceRequest)))
            .Produces<WorkspaceResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound);
        workspaces.MapDelete("/{id}", DeleteAsync).WithName("DeleteWorkspace")
            .WithSummary("Deletes a workspace and all that only it has; forks of it stay whole.")
            .Produces<ActionResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict);
        workspaces.MapPost("/{id}/rollback", RollBackAsync).WithName("RollBackWorkspace")
            .WithSummary("Goes back to the snapshot before, when the newest one is damaged and this node has none of it.")
            .Produces<ActionResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict);
        MapTransfers(workspaces);
    }

    private static void MapTransfers(RouteGroupBuilder workspaces)
    {
        workspaces.MapGet("/{id}/export", (HttpContext context, WorkspaceSender sender, string id) => sender.SendAsync(context, id))
            .WithName("ExportWorkspace")
            .WithSummary("Its disk as it was last sealed: the raw image of an ext4 file system, gzipped for who accepts that.")
            .Produces(StatusCodes.Status200OK, contentType: BinaryBody.ContentType)
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict)
            .Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);
        workspaces.MapPost("/{id}/import", ImportAsync).WithName("ImportWorkspace")
            .WithSummary("Makes a workspace of a disk: the raw image of an ext4 file system, which may come gzipped.")
            .WithMetadata(new BinaryBody())
            .Produces<WorkspaceResponse>(StatusCodes.Status201Created)
            .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict)
            .Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ImportAsync(
        HttpContext context,
        WorkspaceReceiver receiver,
        WorkspaceStore workspaces,
        SyncStates sync,
        string id,
        string? image,
        [FromQuery(Name = "image_digest")] string? digest,
        [FromQuery(Name = "disk_gb")] string? diskGb) =>
        await receiver.ReceiveAsync(context, id, new ImportQuery(image, digest, diskGb))
            ?? await AnswerAsync(context, workspaces, sync, id, StatusCodes.Status201Created);

    private static async Task<IResult> ListAsync(HttpContext context, WorkspaceStore workspaces, SyncStates sync)
    {
        var found = await workspaces.ListAsync(context.Caller().UserId, context.RequestAborted);
        return TypedResults.Json(
            new WorkspaceListResponse
            {
                Workspaces = [.. found.Select(summary => WorkspaceMapping.ToResponse(summary, sync.Get(summary)))],
                Total = found.Count,
            },
            ServerJson.Context.WorkspaceListResponse);
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context, WorkspaceStore workspaces, SyncStates sync, string id) =>
        await AnswerAsync(context, workspaces, sync, id, StatusCodes.Status200OK);

    private static async Task<IResult> CreateAsync(
        HttpContext context, WorkspaceStore workspaces, SyncStates sync, TimeProvider time)
    {
        var (request, unreadable) = await JsonRequest.ReadAsync(
            context.Request, ServerJson.Context.CreateWorkspaceRequest, context.RequestAborted);
        if (request is null)
        {
            return unreadable!;
        }

        if (WorkspaceRules.Check(request) is { } invalid)
        {
            return invalid;
        }

        var refusal = await workspaces.ForkAsync(
            context.Caller().UserId,
            request.WorkspaceId!,
            request.BaseWorkspaceId!,
            time.GetUtcNow(),
            context.RequestAborted);
        return refusal is null
            ? await AnswerAsync(context, workspaces, sync, request.WorkspaceId!, StatusCodes.Status201Created)
            : WorkspaceRules.Refuse(refusal);
    }

    private static async Task<IResult> UpdateAsync(
        HttpContext context,
        WorkspaceStore workspaces,
        SyncStates sync,
        IOptions<JobLimitOptions> limits,
        string id)
    {
        var (request, unreadable) = await JsonRequest.ReadAsync(
            context.Request, ServerJson.Context.UpdateWorkspaceRequest, context.RequestAborted);
        if (request is null)
        {
            return unreadable!;
        }

        if (request.DiskGb is not { } size || size < 1 || size > limits.Value.MaxDiskGb)
        {
            return ErrorResult.BadRequest(
                $"field `disk_gb` must be from 1 to {limits.Value.MaxDiskGb} on this server (JobLimits:MaxDiskGb)");
        }

        var refusal = await workspaces.ResizeAsync(context.Caller().UserId, id, size, context.RequestAborted);
        return refusal is null
            ? await AnswerAsync(context, workspaces, sync, id, StatusCodes.Status200OK)
            : WorkspaceRules.Refuse(refusal);
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext context, WorkspaceRemoval removal, StoredWorkspaces stored, string id)
    {
        var caller = context.Caller();
        var deletion = await removal.DeleteAsync(caller.UserId, id, context.RequestAborted);
        switch (deletion)
        {
            case { Found: false }:
                return WorkspaceRules.Missing(id);
            case { ActiveJobs: > 0 }:
                return ErrorResult.Conflict(
                    $"workspace '{id}' has {deletion.ActiveJobs} active job(s); stop them first");
        }

        if (deletion.Stored is { } workspace)
        {
            await stored.ForgetAsync(caller.UserName, id, workspace, CancellationToken.None);
        }

        return TypedResults.Json(
            new ActionResponse { Success = true, Message = $"Workspace '{id}' deleted" },
            ServerJson.Context.ActionResponse);
    }

    private static async Task<IResult> RollBackAsync(
        HttpContext context, WorkspaceStore workspaces, StoredWorkspaces stored, string id)
    {
        var caller = context.Caller();
        if (await workspaces.FindAsync(caller.UserId, id, context.RequestAborted) is not { } workspace)
        {
            return WorkspaceRules.Missing(id);
        }

        return await stored.GoBackAsync(workspace, caller.UserName, context.RequestAborted) is { } taken
            ? TypedResults.Json(
                new ActionResponse { Success = true, Message = $"Workspace '{id}' is as of {taken:yyyy-MM-dd HH:mm:ss}Z" },
                ServerJson.Context.ActionResponse)
            : ErrorResult.Conflict(
                $"workspace '{id}' cannot go back: its newest state is on this server, or the object store has no snapshot before it");
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, WorkspaceStore workspaces, SyncStates sync, string id, int status) =>
        await workspaces.ShowAsync(context.Caller().UserId, id, context.RequestAborted) is { } summary
            ? TypedResults.Json(
                WorkspaceMapping.ToResponse(summary, sync.Get(summary)),
                ServerJson.Context.WorkspaceResponse,
                statusCode: status)
            : WorkspaceRules.Missing(id);
}
