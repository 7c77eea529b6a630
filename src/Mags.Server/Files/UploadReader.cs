using System.Buffers;
using System.Security.Cryptography;
using Mags.Cluster.Files;
using Mags.Server.Errors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Mags.Server.Files;

/// <summary>
/// Reads a form with one file, piece by piece into the spool folder: whatever its size, no more than a piece of it is in
/// memory. Other fields are passed over.
/// </summary>
internal sealed class UploadReader(SpoolFolder spool, IOptions<UploadOptions> options)
{
    private const string Field = "file";
    private const string FormType = "multipart/form-data";
    private const int PieceBytes = 64 * 1024;
    private const long BytesPerMib = 1024 * 1024;

    // What a form has around its file: other fields, names, boundaries.
    private const long RoomAround = BytesPerMib;

    // Most clients send all before they listen, and would see a broken connection instead of the answer. So what is too
    // long is read to its end, as long as that is not too long as well.
    private const int DrainFactor = 4;

    private static readonly ErrorResult _noForm = ErrorResult.BadRequest(
        $"the body must be a form ({FormType}) with the file in field `{Field}`, as `curl -F {Field}=@PATH` sends it");

    /// <summary>Reads the form; exactly one of the two is set.</summary>
    public async Task<(Upload? Upload, ErrorResult? Error)> ReadAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 } boundary)
        {
            return (null, _noForm);
        }

        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = (options.Value.MaxBytes + RoomAround) * DrainFactor;
        }

        try
        {
            var (upload, error) = await ReadAsync(
                new MultipartReader(boundary.Value!, request.Body, PieceBytes), cancellationToken);
            return upload is null ? (null, await DrainAsync(request, error!, cancellationToken)) : (upload, null);
        }
        catch (InvalidDataException exception)
        {
            return (null, ErrorResult.BadRequest($"the form cannot be read: {exception.Message}"));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            // Said to be so long, or found to be, that it is not even read to its end.
            return (null, TooLarge());
        }
        catch (IOException exception) when (IsCutOff(exception))
        {
            return (null, ErrorResult.BadRequest(
                "the form cannot be read: it is empty, or cut off before its closing boundary"));
        }
    }

    private async Task<(Upload? Upload, ErrorResult? Error)> ReadAsync(
        MultipartReader form, CancellationToken cancellationToken)
    {
        if (await NextFileAsync(form, cancellationToken) is not { } section)
        {
            return (null, ErrorResult.BadRequest($"field `{Field}` is missing: it is the file to upload"));
        }

        var (upload, error) = await TakeAsync(section, cancellationToken);
        if (upload is null)
        {
            return (null, error);
        }

        var isAlone = false;
        try
        {
            // To the form's end: an upload that was cut off is none.
            isAlone = await NextFileAsync(form, cancellationToken) is null;
            return isAlone
                ? (upload, null)
                : (null, ErrorResult.BadRequest($"field `{Field}` is given twice; send one file a request"));
        }
        finally
        {
            if (!isAlone)
            {
                await upload.DisposeAsync();
            }
        }
    }

    private static async Task<MultipartSection?> NextFileAsync(MultipartReader form, CancellationToken cancellationToken)
    {
        while (await form.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            if (DispositionOf(section) is { } disposition && HeaderUtilities.RemoveQuotes(disposition.Name) == Field)
            {
                return section;
            }
        }

        return null;
    }

    private async Task<(Upload? Upload, ErrorResult? Error)> TakeAsync(
        MultipartSection section, CancellationToken cancellationToken)
    {
        var disposition = DispositionOf(section)!;
        var given = disposition.FileNameStar.HasValue
            ? disposition.FileNameStar.Value
            : HeaderUtilities.RemoveQuotes(disposition.FileName).Value;
        if (given is null)
        {
            return (null, ErrorResult.BadRequest($"field `{Field}` must be a file with a file name, not a text"));
        }

        var (name, fault) = FileNames.ToPlain(given);
        if (name is null)
        {
            return (null, ErrorResult.BadRequest($"field `{Field}`: {fault}"));
        }

        FileStream? content = null;
        try
        {
#pragma warning disable CA2000 // It is closed below, or is the upload's.
            content = spool.Open();
#pragma warning restore CA2000
            if (await CopyAsync(section.Body, content, cancellationToken) is not { } sha256)
            {
                return (null, TooLarge());
            }

            var upload = new Upload(name, content, sha256);
            content = null;
            return (upload, null);
        }
        finally
        {
            if (content is not null)
            {
                await content.DisposeAsync();
            }
        }
    }

    /// <returns>SHA-256 of it; null when it is over the limit.</returns>
    private async Task<byte[]?> CopyAsync(Stream from, FileStream to, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer.AsMemory(0, PieceBytes), cancellationToken)) > 0)
            {
                if (to.Position + count > options.Value.MaxBytes)
                {
                    return null;
                }

                hash.AppendData(buffer, 0, count);
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ErrorResult TooLarge()
    {
        var limit = options.Value.MaxBytes;
        var inMb = limit % BytesPerMib == 0 ? $" ({limit / BytesPerMib} MB of 1024 * 1024 bytes)" : "";
        return ErrorResult.TooLarge($"the file is over the limit of {limit} bytes{inMb} (Files:MaxBytes)");
    }

    private static async Task<ErrorResult> DrainAsync(
        HttpRequest request, ErrorResult error, CancellationToken cancellationToken)
    {
        try
        {
            await request.Body.CopyToAsync(Stream.Null, cancellationToken);
        }
        catch (BadHttpRequestException)
        {
            // Far too long, or cut off: whoever sends it may or may not see the answer.
        }

        return error;
    }

    /// <summary>Whether the form's reader says that the form has no end: with no error number of a file's fault.</summary>
    private static bool IsCutOff(IOException exception)
    {
        const int anyFault = unchecked((int)0x80131620);
        return exception is { HResult: anyFault, InnerException: null } and not BadHttpRequestException;
    }

    private static ContentDispositionHeaderValue? DispositionOf(MultipartSection section) =>
        ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) ? disposition : null;
}
