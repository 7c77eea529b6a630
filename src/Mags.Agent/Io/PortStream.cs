using Mags.Agent.Native;

namespace Mags.Agent.Io;

/// <summary>One stay of the host at a virtio-serial port, from its connect to its hang-up.</summary>
/// <remarks>Does not own the descriptor: the port stays open for ever, see <see cref="PortSource"/>.</remarks>
internal sealed class PortStream(int fd, Readiness readable, Readiness writable, Action closed) : Stream
{
    // The driver takes at most this much at once.
    private const int LongestWrite = 32 * 1024;

    private volatile bool _ended;
    private int _disposed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Ends reads and writes: the host hung up.</summary>
    public void End()
    {
        _ended = true;
        readable.Set();
        writable.Set();
    }

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            readable.Clear();
            var count = _ended ? 0 : FileDescriptor.Read(fd, buffer.Span);
            if (count >= 0)
            {
                return count;
            }

            if (count == -Errno.TryAgain)
            {
                await readable.WaitAsync(cancellationToken);
            }
            else if (count != -Errno.Interrupted)
            {
                throw new NativeException("read the host's port", -count);
            }
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            writable.Clear();
            if (_ended)
            {
                throw new IOException("The host hung up.");
            }

            var count = FileDescriptor.Write(fd, buffer.Span[..Math.Min(buffer.Length, LongestWrite)]);
            if (count >= 0)
            {
                buffer = buffer[count..];
            }
            else if (count == -Errno.TryAgain)
            {
                await writable.WaitAsync(cancellationToken);
            }
            else if (count != -Errno.Interrupted)
            {
                throw new NativeException("write to the host's port", -count);
            }
        }
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
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            End();
            closed();
        }

        base.Dispose(disposing);
    }
}
