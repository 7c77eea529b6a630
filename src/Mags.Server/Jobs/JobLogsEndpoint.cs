using Mags.Cluster.Jobs.Logs;
using Mags.Data.Jobs;
using Microsoft.AspNetCore.Mvc;

namespace Mags.Server.Jobs;

/// <summary>A job's log: what is there, or what comes as it comes.</summary>
internal static class JobLogsEndpoint
{
    private const string LastEventId = "Last-Event-ID";

    public static async Task<IResult> GetAsync(
        HttpContext context,
        JobStore jobs,
        JobLogStore logs,
        string id,
        [FromQuery(Name = "after")] string? after,
        [FromQuery(Name = "limit")] string? limit,
        [FromQuery(Name = "follow")] string? follow)
    {
        var (cursor, most) = (0L, long.MaxValue);
        var error = QueryNumbers.Read(after, "after", 0, ref cursor)
            ?? QueryNumbers.Read(limit, "limit", 1, ref most)
            ?? QueryNumbers.ReadFlag(follow, "follow", out _);
        QueryNumbers.ReadFlag(follow, "follow", out var following);
        if (following)
        {
            // A browser that reconnects repeats its query; where it was says the header.
            error ??= QueryNumbers.Read(context.Request.Headers[LastEventId], LastEventId, 0, ref cursor);
        }

        if (error is not null)
        {
            return error;
        }

        var (job, missing) = await JobsApi.FindAsync(context, jobs, id);
        return job switch
        {
            null => missing!,
            _ when following => new LogEventStream(jobs, logs, job.Id, cursor, most),
            _ => new LogDocument(logs, job.Id, cursor, most),
        };
    }
}
