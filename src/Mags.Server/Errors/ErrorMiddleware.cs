using Mags.Data;
using Microsoft.AspNetCore.Http.Features;

namespace Mags.Server.Errors;

/// <summary>The one place that turns faults, and answers without a body, into the API's error body.</summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    private static readonly TimeSpan _busyRetry = TimeSpan.FromSeconds(1);

    public async Task InvokeAsync(HttpContext context)
    {
        var error = await RunAsync(context);
        if (error is null)
        {
            return;
        }

        if (context.Response.HasStarted)
        {
            // A half answer must not look like a whole one.
            context.Abort();
            return;
        }

        await error.ExecuteAsync(context);
    }

    /// <summary>413 for a body over this many bytes.</summary>
    public static ErrorResult TooLarge(long? limit) => ErrorResult.TooLarge(
        $"the body is over the limit of {limit} bytes (JobLimits:MaxRequestBytes)");

    private async Task<ErrorResult?> RunAsync(HttpContext context)
    {
        try
        {
            await next(context);
            return context.Response.HasStarted ? null : ForStatus(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to hear an answer.
            return null;
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge(context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize);
        }
        catch (BadHttpRequestException exception)
        {
            return ErrorResult.BadRequest($"the request cannot be read: {exception.Message}");
        }
        catch (DatabaseException exception) when (exception.Reason == DatabaseFault.DiskFull)
        {
            LogDiskFull(exception);
            return ErrorResult.Unavailable("the server's disk is full; make room under its home folder and try again");
        }
        catch (DatabaseException exception) when (exception.Reason == DatabaseFault.Busy)
        {
            // It waited for some seconds already. Nothing was written.
            LogBusy(context.Request.Method, context.Request.Path, exception.Message);
            return ErrorResult.Unavailable("the server's database is held by another process; try again", _busyRetry);
        }
#pragma warning disable CA1031 // The edge of a request: whatever it is, the caller gets an answer and the log the cause.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFault(context.Request.Method, context.Request.Path, context.TraceIdentifier, exception);
            return ErrorResult.Internal(
                $"the server failed at this request; its log has the cause under {context.TraceIdentifier}");
        }
    }

    private static ErrorResult? ForStatus(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ErrorResult.NotFound(
            $"there is nothing at {context.Request.Path}; the API's paths are listed in /openapi/v1.json"),
        StatusCodes.Status405MethodNotAllowed => ErrorResult.MethodNotAllowed(
            $"{context.Request.Path} does not answer to {context.Request.Method}, only to "
            + $"{context.Response.Headers.Allow}"),
        _ => null,
    };

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed ({TraceId})")]
    private partial void LogFault(string method, PathString path, string traceId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} was refused: {Message}")]
    private partial void LogBusy(string method, PathString path, string message);

    [LoggerMessage(LogLevel.Error, "A request was refused: the disk is full")]
    private partial void LogDiskFull(Exception exception);
}
