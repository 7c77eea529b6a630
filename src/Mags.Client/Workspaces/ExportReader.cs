using System.Globalization;
using System.IO.Compression;
using Mags.Client.Http;
using Mags.Contracts.Workspaces;

namespace Mags.Client.Workspaces;

/// <summary>Reads the answer that is a disk, unpacked and whole.</summary>
internal static class ExportReader
{
    private const int PieceBytes = 256 * 1024;

    public static WorkspaceDisk Describe(HttpResponseMessage response, MagsHttp http)
    {
        var size = Header(response, WorkspaceHeaders.DiskGb, http);
        return int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var gib)
            ? new WorkspaceDisk(
                Header(response, WorkspaceHeaders.Image, http), Header(response, WorkspaceHeaders.ImageDigest, http), gib)
            : throw http.UnexpectedAnswer("it does not say how large the disk is");
    }

    /// <summary>Writes the disk; faults of the target are the target's own.</summary>
    public static async Task CopyAsync(
        HttpResponseMessage response,
        WorkspaceDisk disk,
        Stream into,
        IProgress<TransferProgress>? progress,
        MagsHttp http,
        CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var unpacker = response.Content.Headers.ContentEncoding.Contains("gzip")
            ? new GZipStream(body, CompressionMode.Decompress)
            : null;
        var buffer = new byte[PieceBytes];
        long done = 0;
        int count;
        while ((count = await ReadAsync(unpacker ?? body, buffer, http, cancellationToken)) > 0)
        {
            done += count;
            if (done > disk.SizeBytes)
            {
                break;
            }

            await into.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            progress?.Report(new TransferProgress(done, disk.SizeBytes));
        }

        if (done != disk.SizeBytes)
        {
            throw http.UnexpectedAnswer("the disk is not as long as it said");
        }
    }

    private static async Task<int> ReadAsync(
        Stream body, byte[] buffer, MagsHttp http, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw http.Unreachable(e);
        }
        catch (InvalidDataException e)
        {
            throw http.UnexpectedAnswer("the disk cannot be unpacked", e);
        }
    }

    private static string Header(HttpResponseMessage response, string name, MagsHttp http) =>
        response.Headers.TryGetValues(name, out var values)
            ? values.First()
            : throw http.UnexpectedAnswer($"it has no header {name}");
}
