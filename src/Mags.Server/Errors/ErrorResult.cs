using Mags.Contracts.Errors;

namespace Mags.Server.Errors;

/// <summary>A refusal: the one form in which every error leaves the server.</summary>
internal sealed class ErrorResult(int status, string code, string sentence) : IResult
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public string Sentence { get; } = sentence;

    /// <summary>When to try again, as the caller is told; null says nothing.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>400; the sentence names the field.</summary>
    public static ErrorResult BadRequest(string sentence) =>
        new(StatusCodes.Status400BadRequest, ErrorCodes.InvalidRequest, sentence);

    /// <summary>400: the contract has it, this server does not offer it yet.</summary>
    public static ErrorResult NotSupported(string sentence) =>
        new(StatusCodes.Status400BadRequest, ErrorCodes.NotSupported, sentence);

    public static ErrorResult Unauthorized(string sentence) =>
        new(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized, sentence);

    public static ErrorResult NotFound(string sentence) =>
        new(StatusCodes.Status404NotFound, ErrorCodes.NotFound, sentence);

    public static ErrorResult MethodNotAllowed(string sentence) =>
        new(StatusCodes.Status405MethodNotAllowed, ErrorCodes.MethodNotAllowed, sentence);

    public static ErrorResult Conflict(string sentence) =>
        new(StatusCodes.Status409Conflict, ErrorCodes.Conflict, sentence);

    public static ErrorResult TooLarge(string sentence) =>
        new(StatusCodes.Status413PayloadTooLarge, ErrorCodes.TooLarge, sentence);

    public static ErrorResult QuotaExceeded(string sentence, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, ErrorCodes.QuotaExceeded, sentence) { RetryAfter = retryAfter };

    public static ErrorResult Internal(string sentence) =>
        new(StatusCodes.Status500InternalServerError, ErrorCodes.Internal, sentence);

    /// <summary>503: the server can take nothing now, whoever asks.</summary>
    public static ErrorResult Unavailable(string sentence, TimeSpan? retryAfter = null) =>
        new(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Unavailable, sentence) { RetryAfter = retryAfter };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        if (RetryAfter is { } after)
        {
            httpContext.Response.Headers.RetryAfter = $"{Math.Ceiling(after.TotalSeconds)}";
        }

        return httpContext.Response.WriteAsJsonAsync(
            new ErrorResponse { Error = Sentence, Code = Code },
            ServerJson.Context.ErrorResponse,
            cancellationToken: httpContext.RequestAborted);
    }
}
