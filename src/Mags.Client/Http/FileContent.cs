using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace Mags.Client.Http;

/// <summary>A stream that is sent piece by piece, with word of each piece. It can be sent once.</summary>
internal sealed class FileContent : HttpContent
{
    private const int PieceBytes = 64 * 1024;

    private readonly Stream _content;
    private readonly IProgress<long>? _progress;
    private readonly Action _getsOn;
    private readonly bool _isPacked;

    /// <param name="content">What is sent.</param>
    /// <param name="progress">Told how many of its bytes are sent.</param>
    /// <param name="getsOn">Called at each piece.</param>
    /// <param name="isPacked">Whether it is gzipped on the way.</param>
    public FileContent(Stream content, IProgress<long>? progress, Action getsOn, bool isPacked = false)
    {
        (_content, _progress, _getsOn, _isPacked) = (content, progress, getsOn, isPacked);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (isPacked)
        {
            Headers.ContentEncoding.Add("gzip");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        // Sent with its length where it is known: not every proxy passes on a chunked request.
        var isKnown = _content.CanSeek && !_isPacked;
        length = isKnown ? _content.Length - _content.Position : 0;
        return isKnown;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var packer = _isPacked ? new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true) : null;
        var target = packer ?? stream;
        var buffer = new byte[PieceBytes];
        var sent = 0L;
        int count;
        while ((count = await _content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            sent += count;
            _getsOn();
            _progress?.Report(sent);
        }
    }
}
