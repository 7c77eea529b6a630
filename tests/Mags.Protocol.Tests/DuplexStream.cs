using System.IO.Pipelines;

namespace Mags.Protocol.Tests;

/// <summary>One end of a byte stream without connections, as a virtio-serial port is: what is written waits to be read.</summary>
internal sealed class DuplexStream(Pipe incoming, Pipe outgoing) : Stream
{
    private readonly Stream _reader = incoming.Reader.AsStream();
    private readonly Stream _writer = outgoing.Writer.AsStream();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static (DuplexStream Host, DuplexStream Guest) MakePair()
    {
        var (toHost, toGuest) = (MakePipe(), MakePipe());
        return (new DuplexStream(toHost, toGuest), new DuplexStream(toGuest, toHost));
    }

    // However much is written, nobody has to read it meanwhile.
    private static Pipe MakePipe() => new(new PipeOptions(pauseWriterThreshold: 0));

    /// <summary>Says that nothing more will come from this end.</summary>
    public void CloseOutput() => _writer.Dispose();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _reader.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writer.WriteAsync(buffer, cancellationToken);
        await _writer.FlushAsync(cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _reader.Dispose();
            _writer.Dispose();
        }

        base.Dispose(disposing);
    }
}
