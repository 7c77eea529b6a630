using System.Runtime.InteropServices;
using Mags.Cli.Native;

namespace Mags.Cli.Output;

/// <summary>
/// Writes to one of this process's own descriptors. The console's stream swallows a closed pipe, and a file stream
/// keeps a position of its own, so that two commands that share one redirected file would overwrite each other.
/// </summary>
internal sealed class DescriptorStream(int descriptor) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint done = 0;
            while (done < buffer.Length)
            {
                var written = Libc.Write(descriptor, start + done, buffer.Length - done);
                if (written >= 0)
                {
                    done += written;
                    continue;
                }

                HandleError(Marshal.GetLastPInvokeError());
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void HandleError(int error)
    {
        switch (error)
        {
            case Libc.Interrupted:
                return;
            case Libc.TryAgain:
                // Someone who shares the pipe or terminal with us made it non-blocking.
                var ready = new Libc.PollDescriptor { Descriptor = descriptor, Events = Libc.PollOut };
                _ = Libc.Poll(ref ready, 1, Timeout.Infinite);
                return;
            case Libc.BrokenPipe:
                throw new CliException(string.Empty, ExitCodes.OutputClosed);
            default:
                throw new CliException($"cannot write the output: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }
}
