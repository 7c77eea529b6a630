using Mags.Cluster.Files;
using Mags.Contracts.Errors;
using Mags.Contracts.Files;
using Mags.Server.Access;
using Mags.Server.Errors;
using Mags.Server.Hosting;
using Mags.Server.Jobs;
using Mags.Server.OpenApi;
using Mags.Storage.Objects;

namespace Mags.Server.Files;

/// <summary>The uploaded files of the API.</summary>
internal static partial class FilesApi
{
    public static void MapFiles(this IEndpointRouteBuilder api) => api.MapPost("/mags-files", UploadAsync)
        .WithTags("Files")
        .WithName("UploadFile")
        .WithSummary("Uploads a file that jobs can be given.")
        .WithMetadata(new FileBody("file"))
        .Produces<FileResponse>(StatusCodes.Status201Created)
        .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
        .Produces<ErrorResponse>(StatusCodes.Status413PayloadTooLarge)
        .Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> UploadAsync(
        HttpContext context, UploadReader reader, Uploads uploads, JobIntake intake, ILogger<UploadReader> logger)
    {
        if (intake.DiskRefusal() is { } full)
        {
            return full;
        }

        try
        {
            var (upload, error) = await reader.ReadAsync(context.Request, context.RequestAborted);
            if (upload is null)
            {
                return error!;
            }

            await using (upload)
            {
                var file = await uploads.KeepAsync(
                    context.Caller().UserId, upload.Name, upload.Content, upload.Sha256, context.RequestAborted);
                return TypedResults.Json(
                    new FileResponse { FileId = file.Id.ToString(), FileName = file.Name, Size = file.Bytes },
                    ServerJson.Context.FileResponse,
                    statusCode: StatusCodes.Status201Created);
            }
        }
        catch (ObjectStoreException exception)
        {
            LogNotKept(logger, exception.Fault, exception.Message);
            return ErrorResult.Unavailable($"the file cannot be kept now: {exception.Message}");
        }
        catch (IOException exception) when (DiskFault.IsDiskFull(exception))
        {
            return ErrorResult.Unavailable("the server's disk is full; make room under its home folder and try again");
        }
    }

    [LoggerMessage(LogLevel.Warning, "An upload was not kept ({Fault}): {Message}")]
    private static partial void LogNotKept(ILogger logger, ObjectStoreFault fault, string message);
}
