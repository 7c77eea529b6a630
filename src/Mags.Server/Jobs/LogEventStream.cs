using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Mags.Cluster.Jobs.Logs;
using Mags.Contracts.Jobs;
using Mags.Data.Jobs;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mags.Server.Jobs;

/// <summary>
/// A log as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): each line as it
/// comes, then the script's end.
/// </summary>
internal sealed class LogEventStream(JobStore jobs, JobLogStore logs, Guid jobId, long after, long limit) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var cancelled = httpContext.RequestAborted;
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";

        // A follower may stand still for hours (a stopped process, a pager): it costs nothing, so it is not cut off.
        if (httpContext.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        await response.StartAsync(cancelled);
        await response.BodyWriter.FlushAsync(cancelled);
        var left = limit;
        await foreach (var lines in logs.FollowAsync(jobId, after, HasEndedAsync, cancelled))
        {
            var taken = lines.Take((int)Math.Min(left, int.MaxValue));
            left -= WriteLines(response.BodyWriter, taken);
            if (lines.Count == 0)
            {
                response.BodyWriter.Write(": waiting\n\n"u8);
            }

            await response.BodyWriter.FlushAsync(cancelled);
            if (left == 0)
            {
                return;
            }
        }

        await WriteEndAsync(response, cancelled);
    }

    private async Task<bool> HasEndedAsync(CancellationToken cancellationToken) =>
        await jobs.GetAsync(jobId, cancellationToken) is { ScriptIsOver: true };

    private async Task WriteEndAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        // The server may have stopped while the job goes on: then there is no end yet, and the client comes again.
        var job = await jobs.GetAsync(jobId, cancellationToken);
        if (job is { ScriptIsOver: true })
        {
            var end = new JobEnd { Status = JobMapping.Name(job.State), ExitCode = job.ExitCode };
            response.BodyWriter.Write("event: end\ndata: "u8);
            response.BodyWriter.Write(JsonSerializer.SerializeToUtf8Bytes(end, ServerJson.Context.JobEnd));
            response.BodyWriter.Write("\n\n"u8);
            await response.BodyWriter.FlushAsync(cancellationToken);
        }
    }

    private static long WriteLines(IBufferWriter<byte> body, IEnumerable<LogLine> lines)
    {
        var count = 0L;
        foreach (var line in lines)
        {
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {line.Seq}\n"), body);
            body.Write("event: log\ndata: "u8);
            body.Write(JsonSerializer.SerializeToUtf8Bytes(LogMapping.ToEntry(line), ServerJson.Context.LogEntry));
            body.Write("\n\n"u8);
            count++;
        }

        return count;
    }
}
