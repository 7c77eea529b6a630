using Mags.Cluster.Jobs;
using Mags.Cluster.Workspaces.Sync;
using Mags.Contracts;
using Mags.Contracts.Errors;
using Mags.Contracts.Jobs;
using Mags.Data.Jobs;
using Mags.Server.Access;
using Mags.Server.Errors;
using Mags.Server.OpenApi;
using Microsoft.AspNetCore.Mvc;

namespace Mags.Server.Jobs;

/// <summary>The jobs of the API.</summary>
internal static class JobsApi
{
    private const int DefaultPageSize = 20;
    private const int MaxPageSize = 100;

    public static void MapJobs(this IEndpointRouteBuilder api)
    {
        var jobs = api.MapGroup("/mags-jobs").WithTags("Jobs");
        jobs.MapPost("", CreateAsync).WithName("CreateJob")
            .WithSummary("Runs a script in a new sandbox.")
            .WithMetadata(new JsonBody(typeof(CreateJobRequest)))
            .Produces<JobAccepted>(StatusCodes.Status202Accepted)
            .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
            .Produces<ErrorResponse>(StatusCodes.Status409Conflict)
            .Produces<ErrorResponse>(StatusCodes.Status413PayloadTooLarge)
            .Produces<ErrorResponse>(StatusCodes.Status429TooManyRequests)
            .Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);
        jobs.MapGet("", ListAsync).WithName("ListJobs")
            .WithSummary("The caller's jobs, newest first.")
            .Produces<JobListResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status400BadRequest);
        jobs.MapGet("/{id}/status", StatusAsync).WithName("GetJobStatus")
            .WithSummary("A job by request id, name or workspace id.")
            .Produces<JobResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound);
        jobs.MapGet("/{id}/logs", JobLogsEndpoint.GetAsync).WithName("GetJobLogs")
            .WithSummary("A job's log, or with `follow=true` its lines as server-sent events.")
            .Produces<LogsResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound);
        jobs.MapPost("/{id}/stop", StopAsync).WithName("StopJob")
            .WithSummary("Ends a job and its sandbox; nothing changes on an ended one.")
            .Produces<ActionResponse>()
            .Produces<ErrorResponse>(StatusCodes.Status404NotFound);
        MapSync(jobs);
    }

    private static void MapSync(RouteGroupBuilder jobs) => jobs.MapPost("/{id}/sync", SyncAsync).WithName("SyncJob")
        .WithSummary("Brings what a running job has written to the object store; the job goes on.")
        .Produces<ActionResponse>()
        .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
        .Produces<ErrorResponse>(StatusCodes.Status409Conflict);

    /// <summary>The caller's job of a route; exactly one of the two is set.</summary>
    internal static async Task<(JobRow? Job, ErrorResult? Error)> FindAsync(
        HttpContext context, JobStore jobs, string id)
    {
        // Routing leaves an escaped slash as it is; a job's name may hold one.
        var name = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var job = await jobs.FindAsync(context.Caller().UserId, name, context.RequestAborted);
        return job is null
            ? (null, ErrorResult.NotFound($"there is no job `{name}`; `mags list` shows those there are"))
            : (job, null);
    }

    private static async Task<IResult> CreateAsync(
        HttpContext context, JobRequestValidator validator, JobIntake intake)
    {
        var (request, unreadable) = await JsonRequest.ReadAsync(
            context.Request, ServerJson.Context.CreateJobRequest, context.RequestAborted);
        if (request is null)
        {
            return unreadable!;
        }

        var (spec, invalid) = validator.Validate(request);
        if (spec is null)
        {
            return invalid!;
        }

        if ((intake.Refusal() ?? intake.Refusal(spec)) is { } refusal)
        {
            return refusal;
        }

        var (id, refused) = await intake.AcceptAsync(context.Caller(), spec, context.RequestAborted);
        return refused ?? (IResult)TypedResults.Json(
            new JobAccepted { RequestId = id.ToString(), Status = "accepted", Message = "Job accepted" },
            ServerJson.Context.JobAccepted,
            statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context,
        JobStore jobs,
        SyncStates sync,
        [FromQuery(Name = "page")] string? page,
        [FromQuery(Name = "page_size")] string? pageSize)
    {
        var (number, size) = (1L, (long)DefaultPageSize);
        var error = QueryNumbers.Read(page, "page", 1, ref number)
            ?? QueryNumbers.Read(pageSize, "page_size", 1, ref size);
        if (error is not null)
        {
            return error;
        }

        // No user has that many jobs: past the end is past the end.
        number = Math.Min(number, int.MaxValue);
        size = Math.Min(size, MaxPageSize);
        var user = context.Caller().UserId;
        var found = await jobs.ListAsync(user, (int)number, (int)size, context.RequestAborted);
        var synced = await sync.ListAsync(user, found.Jobs, context.RequestAborted);
        return TypedResults.Json(
            new JobListResponse
            {
                Jobs = [.. found.Jobs.Select(job => JobMapping.ToListItem(job, synced.GetValueOrDefault(job.Id)))],
                Total = found.Total,
                Page = (int)number,
                PageSize = (int)size,
            },
            ServerJson.Context.JobListResponse);
    }

    private static async Task<IResult> StatusAsync(HttpContext context, JobStore jobs, SyncStates sync, string id)
    {
        var (job, error) = await FindAsync(context, jobs, id);
        return job is null
            ? error!
            : TypedResults.Json(
                JobMapping.ToResponse(job, await sync.GetAsync(job, context.RequestAborted)),
                ServerJson.Context.JobResponse);
    }

    private static async Task<IResult> SyncAsync(HttpContext context, JobStore jobs, StoredWorkspaces stored, string id)
    {
        var (job, error) = await FindAsync(context, jobs, id);
        return job switch
        {
            null => error!,
            { State: JobState.Completed or JobState.Error } => ErrorResult.Conflict(
                $"job `{id}` has ended; what it wrote to a persistent workspace is synced by itself (`sync_state` in its status)"),
            _ when !await stored.RequestAsync(job, context.RequestAborted) => ErrorResult.Conflict(
                $"job `{id}` has no persistent workspace to sync; start it with `persistent: true` and without `no_sync`"),
            _ => TypedResults.Json(
                new ActionResponse { Success = true, Message = "Sync initiated" }, ServerJson.Context.ActionResponse),
        };
    }

    private static async Task<IResult> StopAsync(
        HttpContext context, JobStore jobs, StoredWorkspaces stored, JobStopper stopper, string id)
    {
        var (job, error) = await FindAsync(context, jobs, id);
        if (job is null)
        {
            return error!;
        }

        // What an ended one kept may be another job's by now.
        if (job.State is not (JobState.Completed or JobState.Error))
        {
            await stopper.StopAsync(job.Id, context.RequestAborted);
            await stored.SettleAsync(job, context.RequestAborted);
        }

        return TypedResults.Json(
            new ActionResponse { Success = true, Message = "Job stopped" }, ServerJson.Context.ActionResponse);
    }
}
