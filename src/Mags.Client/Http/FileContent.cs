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

    public FileContent(Stream content, IProgress<long>? progress, Action getsOn)
    {
        (_content, _progress, _getsOn) = (content, progress, getsOn);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    protected override bool TryComputeLength(out long length)
    {
        // Sent with its length where it is known: not every proxy passes on a chunked request.
        length = _content.CanSeek ? _content.Length - _content.Position : 0;
        return _content.CanSeek;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[PieceBytes];
        var sent = 0L;
        int count;
        while ((count = await _content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            sent += count;
            _getsOn();
            _progress?.Report(sent);
        }
    }
}
