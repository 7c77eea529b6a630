using System.Text.Json;
using Mags.Contracts.Jobs;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>Reads the body of a new job: any JSON object whose known fields have the right types.</summary>
internal static class JobRequestReader
{
    private const string NoObject = "the body must be a JSON object, like {\"script\": \"echo hi\", \"type\": \"inline\"}";

    /// <summary>Reads the body; exactly one of the two is set.</summary>
    public static async Task<(CreateJobRequest? Request, ErrorResult? Error)> ReadAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var body = await JsonSerializer.DeserializeAsync(
                request.Body, ServerJson.Context.CreateJobRequest, cancellationToken);
            return body is null ? (null, ErrorResult.BadRequest(NoObject)) : (body, null);
        }
        catch (JsonException exception)
        {
            return (null, ErrorResult.BadRequest(Sentence(exception)));
        }
    }

    private static string Sentence(JsonException exception)
    {
        var path = exception.Path is { Length: > 0 } and not "$" ? FieldOf(exception.Path) : null;

        // A fault of the JSON itself has the reader's own exception inside; a wrong type has not.
        if (exception.InnerException is JsonException)
        {
            var near = path is null ? "" : $" in field `{path}`";
            return $"the body is not valid JSON{near}, at line {exception.LineNumber + 1}, "
                + $"byte {exception.BytePositionInLine}";
        }

        return path is null ? NoObject : $"field `{path}` must be {TypeOf(path)}";
    }

    /// <summary><c>$.environment['A.B']</c> and <c>$.file_ids[2]</c> as people write them.</summary>
    private static string FieldOf(string jsonPath) =>
        jsonPath.TrimStart('$').TrimStart('.').Replace("['", ".", StringComparison.Ordinal)
            .Replace("']", "", StringComparison.Ordinal);

    private static string TypeOf(string field) => field switch
    {
        "environment" => "an object of strings",
        "file_ids" => "a list of strings",
        "persistent" or "no_sync" or "no_sleep" or "network" => "true or false",
        "disk_gb" or "vcpus" or "memory_mb" or "timeout" => "a whole number",
        _ => "a string",
    };
}
