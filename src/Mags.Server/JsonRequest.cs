using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mags.Server.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Mags.Server;

/// <summary>Reads the body of a request: any JSON object whose known fields have the right types.</summary>
internal static class JsonRequest
{
    private const string NoObject = "the body must be a JSON object, like {\"name\": \"value\"}";

    /// <summary>How many times the limit a body may be long and still be read to its end before it is refused.</summary>
    private const int DrainFactor = 4;

    /// <summary>Reads the body; exactly one of the two is set.</summary>
    public static async Task<(T? Request, ErrorResult? Error)> ReadAsync<T>(
        HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { MaxRequestBodySize: { } limit } size
            && request.ContentLength > limit)
        {
            await DrainAsync(request, size, limit, cancellationToken);
            return (null, ErrorMiddleware.TooLarge(limit));
        }

        try
        {
            var body = await JsonSerializer.DeserializeAsync(request.Body, type, cancellationToken);
            return body is null ? (null, ErrorResult.BadRequest(NoObject)) : (body, null);
        }
        catch (JsonException exception)
        {
            return (null, ErrorResult.BadRequest(Sentence(exception)));
        }
    }

    /// <summary>
    /// Reads what is too long to its end: most clients send all before they listen, and would see a broken connection
    /// instead of the answer.
    /// </summary>
    private static async Task DrainAsync(
        HttpRequest request, IHttpMaxRequestBodySizeFeature size, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength <= limit * DrainFactor && !size.IsReadOnly)
        {
            size.MaxRequestBodySize = limit * DrainFactor;
            await request.Body.CopyToAsync(Stream.Null, cancellationToken);
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
