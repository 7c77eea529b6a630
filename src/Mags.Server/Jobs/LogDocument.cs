using System.Text.Json;
using Mags.Cluster.Jobs.Logs;

namespace Mags.Server.Jobs;

/// <summary>
/// A log as one JSON document, written as it is read: a log of any length takes no more memory than a short one.
/// </summary>
internal sealed class LogDocument(JobLogStore logs, Guid jobId, long after, long limit) : IResult
{
    private const int LinesPerFlush = 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var cancelled = httpContext.RequestAborted;
        response.ContentType = "application/json; charset=utf-8";
        using var reader = logs.OpenReader(jobId, after);
        await using var json = new Utf8JsonWriter(
            response.BodyWriter, new JsonWriterOptions { Encoder = ServerJson.Context.Options.Encoder });
        json.WriteStartObject();
        json.WriteStartArray("logs");
        var left = limit;
        while (left > 0)
        {
            var lines = await reader.ReadAsync((int)Math.Min(left, LinesPerFlush), cancelled);
            if (lines.Count == 0)
            {
                break;
            }

            foreach (var line in lines)
            {
                JsonSerializer.Serialize(json, LogMapping.ToEntry(line), ServerJson.Context.LogEntry);
            }

            left -= lines.Count;
            await json.FlushAsync(cancelled);
            await response.BodyWriter.FlushAsync(cancelled);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancelled);
    }
}
