using System.Globalization;
using System.IO.Compression;
using Mags.Cluster.Workspaces.Transfers;
using Mags.Contracts.Workspaces;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Server.Access;
using Mags.Server.Errors;
using Mags.Server.OpenApi;

namespace Mags.Server.Workspaces;

/// <summary>
/// Sends workspaces as raw disks. Most of a disk is zeros, so it goes gzipped to whoever accepts that: every client can
/// unpack gzip without more, and a thousand zeros are a byte.
/// </summary>
internal sealed partial class WorkspaceSender(
    WorkspaceStore workspaces,
    WorkspaceExports exports,
    TransferSlots slots,
    IHostApplicationLifetime lifetime,
    ILogger<WorkspaceSender> logger)
{
    public async Task<IResult> SendAsync(HttpContext context, string id)
    {
        if (await workspaces.ShowAsync(context.Caller().UserId, id, context.RequestAborted) is null)
        {
            return WorkspaceRules.Missing(id);
        }

        using var slot = slots.TryTake();
        if (slot is null)
        {
            return TransferRules.Busy(slots);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await using var export = await exports.OpenAsync(context.Caller().UserId, id, ending.Token);
            if (export is null)
            {
                return ErrorResult.Conflict(
                    $"workspace '{id}' has nothing to export: no job has kept anything in it yet");
            }

            await SendAsync(context, id, export, ending.Token);
            return TypedResults.Empty;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return End(context, TransferRules.Stopping());
        }
        catch (MachineException exception)
        {
            LogNotSent(id, exception);
            return End(context, ErrorResult.Unavailable($"workspace '{id}' cannot be exported now: {exception.Message}"));
        }
    }

    private static async Task SendAsync(
        HttpContext context, string id, WorkspaceExport export, CancellationToken cancellationToken)
    {
        TransferRules.Relax(context, mostBytes: 0);
        var response = context.Response;
        response.ContentType = BinaryBody.ContentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{id}.ext4\"";
        response.Headers.Vary = "Accept-Encoding";
        response.Headers[WorkspaceHeaders.Image] = export.Image;
        response.Headers[WorkspaceHeaders.ImageDigest] = export.ImageDigest;
        response.Headers[WorkspaceHeaders.DiskGb] = export.DiskGb.ToString(CultureInfo.InvariantCulture);
        if (!AcceptsPacked(context.Request))
        {
            response.ContentLength = export.SizeBytes;
            await export.CopyToAsync(response.Body, cancellationToken);
            return;
        }

        response.Headers.ContentEncoding = TransferRules.Packed;
        await using var packer = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await export.CopyToAsync(packer, cancellationToken);
    }

    private static bool AcceptsPacked(HttpRequest request) => request.GetTypedHeaders().AcceptEncoding
        .Any(coding => coding.Value.Equals(TransferRules.Packed, StringComparison.OrdinalIgnoreCase) && coding.Quality is not 0);

    /// <summary>A half disk must not look like a whole one.</summary>
    private static IResult End(HttpContext context, ErrorResult error)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Clear();
            return error;
        }

        context.Abort();
        return TypedResults.Empty;
    }

    [LoggerMessage(LogLevel.Warning, "Workspace {Workspace} could not be exported")]
    private partial void LogNotSent(string workspace, Exception exception);
}
