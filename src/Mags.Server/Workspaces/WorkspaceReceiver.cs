using System.Globalization;
using System.IO.Compression;
using Mags.Cluster.Workspaces.Transfers;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Server.Access;
using Mags.Server.Errors;
using Mags.Server.Hosting;
using Mags.Server.Jobs;
using Microsoft.Extensions.Options;

namespace Mags.Server.Workspaces;

/// <summary>
/// Receives raw disks that become workspaces. All that can be told without the disk is checked before its first byte is
/// asked for, and what it is by its first bytes, before anything is made.
/// </summary>
internal sealed partial class WorkspaceReceiver(
    WorkspaceStore workspaces,
    WorkspaceImports imports,
    TransferSlots slots,
    ImageCatalog images,
    JobIntake intake,
    IOptions<MachinesOptions> machines,
    IOptions<JobLimitOptions> limits,
    IHostApplicationLifetime lifetime,
    ILogger<WorkspaceReceiver> logger)
{
    private const string StandardImage = "standard";
    private const long BytesPerGib = 1L << 30;
    private const long RoomAround = 16L << 20;
    private const long LookAtDiskEvery = 64L << 20;

    /// <summary>Makes the workspace; null when it is made, else why not.</summary>
    public async Task<ErrorResult?> ReceiveAsync(HttpContext context, string id, ImportQuery query)
    {
        if (WorkspaceRules.CheckNew(id) is { } invalid)
        {
            return invalid;
        }

        if (await workspaces.FindAsync(context.Caller().UserId, id, context.RequestAborted) is not null)
        {
            return WorkspaceRules.Refuse(new WorkspaceRefusal(WorkspaceRefusalKind.Exists, id, ""));
        }

        var (image, unknown) = FindImage(query);
        var (size, wrong) = SizeOf(query, context.Request);
        if ((unknown ?? wrong ?? CheckEncoding(context.Request) ?? intake.DiskRefusal()) is { } refusal)
        {
            return refusal;
        }

        ErrorResult? error;
        using (var slot = slots.TryTake())
        {
            if (slot is null)
            {
                return TransferRules.Busy(slots);
            }

            TransferRules.Relax(context, (limits.Value.MaxDiskGb * BytesPerGib) + RoomAround);
            error = await TakeAsync(context, id, image!, size);
        }

        return error is null ? null : await DrainAsync(context, error);
    }

    private async Task<ErrorResult?> TakeAsync(HttpContext context, string id, Image image, long? size)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        ErrorResult? full = null;
        try
        {
            await using var unpacker = IsPacked(context.Request)
                ? new GZipStream(context.Request.Body, CompressionMode.Decompress, leaveOpen: true)
                : null;
            var body = unpacker ?? context.Request.Body;
            var head = new byte[RawDisk.HeadBytes];
            var count = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ending.Token);
            if (RawDisk.FaultOf(head.AsSpan(0, count)) is { } fault)
            {
                return ErrorResult.BadRequest(fault);
            }

            var gib = size ?? RawDisk.GibOf(head) ?? 0;
            if (CheckSize(gib) is { } wrong)
            {
                return wrong;
            }

            var wish = new ImportWish(context.Caller().UserId, id, image.Name, image.Digest, (int)gib);
            await using var whole = new HeadedStream(head, body);
            var outcome = await imports.ImportAsync(wish, whole, LookAtDisk, ending.Token);
            return outcome.Refusal is { } refusal
                ? WorkspaceRules.Refuse(refusal)
                : CheckLength(outcome.Bytes, gib);
        }
        catch (OperationCanceledException) when (full is not null)
        {
            return full;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return TransferRules.Stopping();
        }
        catch (InvalidDataException exception)
        {
            return ErrorResult.BadRequest($"the disk cannot be unpacked: {exception.Message}");
        }
        catch (MachineException exception)
        {
            LogNotTaken(id, exception);
            return intake.DiskRefusal()
                ?? ErrorResult.Unavailable($"workspace '{id}' cannot be imported now: {exception.Message}");
        }
        catch (IOException exception) when (DiskFault.IsDiskFull(exception))
        {
            return ErrorResult.Unavailable("the server's disk is full; make room under its home folder and try again");
        }

        void LookAtDisk(long bytes)
        {
            // A large disk must not take the room that everything else on this node needs.
            if (bytes % LookAtDiskEvery == 0 && (full = intake.DiskRefusal()) is not null)
            {
                throw new OperationCanceledException();
            }
        }
    }

    private (Image? Image, ErrorResult? Error) FindImage(ImportQuery query)
    {
        var name = query.Image is null or "" or StandardImage ? machines.Value.DefaultImage : query.Image;
        var digest = string.IsNullOrEmpty(query.ImageDigest) ? null : query.ImageDigest;
        if (images.Find(name) is not null || digest is not null)
        {
            return Find(name, digest) is { } image
                ? (image, null)
                : (null, ErrorResult.BadRequest(
                    $"field `image_digest`: there is no image `{Shorten(name)}` with digest `{Shorten(digest!)}` on this server; "
                    + "without it the disk is bound to the image that the name means now"));
        }

        var known = string.Join(", ", images.List().Select(known => known.Name));
        return (null, ErrorResult.BadRequest($"field `image`: there is no image `{Shorten(name)}`; there are: {known}"));
    }

    private Image? Find(string name, string? digest) =>
        digest is null || digest.StartsWith("sha256:", StringComparison.Ordinal) ? images.Find(name, digest) : null;

    private (long? Gib, ErrorResult? Error) SizeOf(ImportQuery query, HttpRequest request)
    {
        if (!string.IsNullOrEmpty(query.DiskGb))
        {
            var size = long.TryParse(query.DiskGb, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            return (size, CheckSize(size));
        }

        return request.ContentLength is { } length && !IsPacked(request) && length % BytesPerGib == 0
            ? (length / BytesPerGib, null)
            : (null, null);
    }

    private ErrorResult? CheckSize(long gib) => gib >= 1 && gib <= limits.Value.MaxDiskGb
        ? null
        : ErrorResult.BadRequest(
            $"field `disk_gb` must be from 1 to {limits.Value.MaxDiskGb} on this server (JobLimits:MaxDiskGb), "
            + "the size of the disk in GiB");

    private static ErrorResult? CheckLength(long bytes, long gib) => (bytes - (gib * BytesPerGib)) switch
    {
        0 => null,
        > 0 => ErrorResult.BadRequest(
            $"the disk goes on after {gib} GiB; give its size as field `disk_gb`"),
        _ => ErrorResult.BadRequest(
            $"the disk ends after {bytes} bytes, and {gib} GiB are {gib * BytesPerGib}; if it is whole, "
            + $"`truncate -s {gib}G FILE` makes it a whole number of GiB"),
    };

    private static ErrorResult? CheckEncoding(HttpRequest request) =>
        request.Headers.ContentEncoding.ToString() is "" or "identity" || IsPacked(request)
            ? null
            : ErrorResult.BadRequest(
                $"header `Content-Encoding` must be `{TransferRules.Packed}` or absent; unpack the disk, or pack it so");

    private static bool IsPacked(HttpRequest request) =>
        string.Equals(request.Headers.ContentEncoding, TransferRules.Packed, StringComparison.OrdinalIgnoreCase);

    /// <summary>Most clients send all before they listen, and would see a broken connection instead of the answer.</summary>
    private static async Task<ErrorResult> DrainAsync(HttpContext context, ErrorResult error)
    {
        if (error.Status == StatusCodes.Status503ServiceUnavailable)
        {
            return error;
        }

        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        }
        catch (BadHttpRequestException)
        {
            // Cut off, or far too long: whoever sends it may or may not see the answer.
        }

        return error;
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : text[..64] + "…";

    [LoggerMessage(LogLevel.Warning, "Workspace {Workspace} could not be imported")]
    private partial void LogNotTaken(string workspace, Exception exception);
}
