using Amazon.S3.Model;

namespace Mags.Storage.Objects.S3;

/// <summary>
/// An object's content as it comes. Where the connection breaks or the answer ends early, it goes on from that byte with a
/// new request for the same version: what ends has been read whole.
/// </summary>
internal sealed class S3ReadStream : Stream
{
    private readonly S3Requests _requests;
    private readonly S3Fault _fault;
    private readonly Func<long, string, CancellationToken, Task<GetObjectResponse>> _reopen;
    private readonly string _version;
    private readonly long _length;
    private GetObjectResponse _answer;
    private long _position;
    private int _failures;

    /// <param name="answer">The first answer; this owns it.</param>
    /// <param name="length">How many bytes there have to be.</param>
    /// <param name="requests">Keeps times and waits.</param>
    /// <param name="fault">Says what went wrong.</param>
    /// <param name="reopen">Asks for the content from an offset within it, of the version.</param>
    public S3ReadStream(
        GetObjectResponse answer,
        long length,
        S3Requests requests,
        S3Fault fault,
        Func<long, string, CancellationToken, Task<GetObjectResponse>> reopen)
    {
        _answer = answer;
        _version = answer.ETag;
        _length = length;
        _requests = requests;
        _fault = fault;
        _reopen = reopen;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, _length - _position)];
        while (!wanted.IsEmpty)
        {
            try
            {
                var count = await _requests.TryAsync(
                    0, 0, async (_, late) => await _answer.ResponseStream.ReadAsync(wanted, late), cancellationToken);
                if (count > 0)
                {
                    _position += count;
                    _failures = 0;
                    return count;
                }

                throw new IOException("an answer ended early");
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && S3Fault.IsOne(exception))
            {
                await GoOnAsync(exception, cancellationToken);
            }
        }

        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("objects are read asynchronously");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answer.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task GoOnAsync(Exception exception, CancellationToken cancellationToken)
    {
        // Counted since the last byte that came: a line that always breaks late still gets on.
        if (_failures >= _requests.Retries)
        {
            throw _fault.Of(exception);
        }

        await _requests.WaitAsync(_failures, cancellationToken);
        _failures++;
        _answer.Dispose();
        _answer = await _reopen(_position, _version, cancellationToken);
    }
}
