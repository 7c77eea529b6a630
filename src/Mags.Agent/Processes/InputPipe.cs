using Mags.Agent.Io;
using Mags.Agent.Native;

namespace Mags.Agent.Processes;

/// <summary>The writing end of a process's standard input, with a queue. Its process's lock guards every member.</summary>
internal sealed class InputPipe(GuestProcess owner, int fd, IoLoop loop) : IReadyHandler
{
    /// <summary>Queued bytes above which the host's messages are not read on.</summary>
    public const int Limit = 256 * 1024;

    private readonly Queue<ReadOnlyMemory<byte>> _queue = new();
    private ReadOnlyMemory<byte> _current;
    private ulong _token;
    private bool _isWatched;
    private bool _isEnding;
    private bool _isClosed;

    /// <summary>Bytes that wait.</summary>
    public int Queued { get; private set; }

    /// <summary>Bytes that the process's pipe has taken, or that were dropped because it is closed.</summary>
    public ulong Accepted { get; private set; }

    public void OnReady(IoEvents events) => owner.OnInputReady(this);

    public void Enqueue(ReadOnlyMemory<byte> bytes)
    {
        if (_isClosed || _isEnding)
        {
            Accepted += (ulong)bytes.Length;
            return;
        }

        _queue.Enqueue(bytes);
        Queued += bytes.Length;
        Write();
    }

    /// <summary>Closes the pipe once everything queued is written.</summary>
    public void End()
    {
        _isEnding = true;
        Write();
    }

    /// <summary>Writes what the pipe takes.</summary>
    public void Write()
    {
        while (!_isClosed && TryNext())
        {
            var count = FileDescriptor.Write(fd, _current.Span);
            if (count == -Errno.TryAgain)
            {
                Watch();
                return;
            }

            if (count < 0 && count != -Errno.Interrupted)
            {
                Close();
                return;
            }

            _current = _current[Math.Max(count, 0)..];
            Accepted += (ulong)Math.Max(count, 0);
            Queued -= Math.Max(count, 0);
        }

        Unwatch();
        if (_isEnding)
        {
            Close();
        }
    }

    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        Unwatch();
        _isClosed = true;
        FileDescriptor.Close(fd);
        Accepted += (ulong)Queued;
        Queued = 0;
        _queue.Clear();
        _current = default;
    }

    private bool TryNext() => !_current.IsEmpty || _queue.TryDequeue(out _current);

    private void Watch()
    {
        if (!_isWatched)
        {
            _token = loop.Add(fd, IoEvents.Writable, this);
            _isWatched = true;
        }
    }

    private void Unwatch()
    {
        if (_isWatched)
        {
            loop.Remove(fd, _token);
            _isWatched = false;
        }
    }
}
