using Mags.Agent.Io;
using Mags.Agent.Native;
using Mags.Protocol;

namespace Mags.Agent.Processes;

/// <summary>The reading end of a process's standard output or error. Its process's lock guards every member.</summary>
internal sealed class OutputPipe(GuestProcess owner, OutputStream stream, int fd, IoLoop loop) : IReadyHandler
{
    private ulong _token;
    private bool _isWatched;
    private int _left = int.MaxValue;

    public bool IsOpen { get; private set; } = true;

    public void OnReady(IoEvents events) => owner.OnOutputReady(this);

    /// <summary>Has the loop watch the pipe.</summary>
    public void Watch()
    {
        if (IsOpen && !_isWatched)
        {
            _token = loop.Add(fd, IoEvents.Readable, this);
            _isWatched = true;
        }
    }

    /// <summary>Moves what one read gives into the buffer; stops watching while that is full.</summary>
    public void ReadInto(OutputBuffer buffer)
    {
        if (!IsOpen)
        {
            return;
        }

        var space = buffer.SpaceFor(stream).Span;
        if (space.IsEmpty)
        {
            Unwatch();
            return;
        }

        var count = FileDescriptor.Read(fd, space[..Math.Min(space.Length, _left)]);
        if (count > 0)
        {
            buffer.Append(stream, count);
            _left -= _left == int.MaxValue ? 0 : count;
        }

        if (count == 0 || _left == 0 || (count < 0 && count != -Errno.TryAgain && count != -Errno.Interrupted))
        {
            Close();
        }
    }

    /// <summary>Limits what is still read to what is in the pipe now: others may hold and fill it for ever.</summary>
    public void ReadNoMoreThanWaits()
    {
        _left = IsOpen ? FileDescriptor.CountWaiting(fd) : 0;
        if (_left == 0)
        {
            Close();
        }
    }

    public void Close()
    {
        if (IsOpen)
        {
            Unwatch();
            IsOpen = false;
            FileDescriptor.Close(fd);
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
