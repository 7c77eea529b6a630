using Mags.Agent.Native;

namespace Mags.Agent.Io;

/// <summary>A virtio-serial port, opened once and kept: the host's visits to it come one after the other.</summary>
/// <remarks>
/// The port is never closed: a close and a new open race with the device (EBUSY), and nothing else in the guest can take
/// it meanwhile. While the host is away, poll reports a hang-up without end; edge-triggered, it costs nothing, because
/// the driver wakes its waiters when the host comes, goes, sends or receives, and only then.
/// </remarks>
internal sealed class PortSource : IByteSource, IReadyHandler
{
    private readonly int _fd;
    private readonly Lock _gate = new();
    private readonly Readiness _changed = new();
    private readonly Readiness _readable = new();
    private readonly Readiness _writable = new();
    // Ends the stream of the visit that is under way; the stream itself is its user's.
    private Action? _endVisit;

    public PortSource(string device, IoLoop loop)
    {
        _fd = FileDescriptor.Open(device, FileDescriptor.ReadWrite | FileDescriptor.NonBlocking);
        loop.Add(_fd, IoEvents.Readable | IoEvents.Writable | IoEvents.EdgeTriggered, this);
    }

    public async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _changed.Clear();
            lock (_gate)
            {
                if (_endVisit is null && !IsHungUp())
                {
                    var visit = new PortStream(_fd, _readable, _writable, OnClosed);
                    _endVisit = visit.End;
                    return visit;
                }
            }

            await _changed.WaitAsync(cancellationToken);
        }
    }

    public void OnReady(IoEvents events)
    {
        lock (_gate)
        {
            if (events.HasFlag(IoEvents.HungUp))
            {
                _endVisit?.Invoke();
            }
        }

        _readable.Set();
        _writable.Set();
        _changed.Set();
    }

    private void OnClosed()
    {
        lock (_gate)
        {
            _endVisit = null;
        }

        _changed.Set();
    }

    private unsafe bool IsHungUp()
    {
        var entry = new PollEntry { Fd = _fd, Events = (short)IoEvents.Writable };
        _ = NativeMethods.Poll(&entry, 1, 0);
        return (entry.Returned & (short)IoEvents.HungUp) != 0;
    }
}
