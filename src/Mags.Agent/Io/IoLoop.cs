using System.Runtime.InteropServices;
using Mags.Agent.Boot;
using Mags.Agent.Native;

namespace Mags.Agent.Io;

/// <summary>One thread that waits for every descriptor and deadline of the agent: port, pipes, process ends.</summary>
internal sealed unsafe class IoLoop
{
    private const int MaximumEvents = 64;
    private const int OperationAdd = 1;
    private const int OperationRemove = 2;
    private const ulong WakeToken = 0;

    private readonly TimeProvider _time;
    private readonly int _epoll;
    private readonly int _wake;
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, IReadyHandler> _handlers = [];
    private readonly PriorityQueue<Deadline, long> _deadlines = new();
    private ulong _lastToken = WakeToken;

    public IoLoop(TimeProvider time)
    {
        _time = time;
        _epoll = NativeException.Check(NativeMethods.EpollCreate(FileDescriptor.CloseOnExec), "create the event loop");
        _wake = NativeException.Check(
            NativeMethods.MakeEventFd(0, FileDescriptor.CloseOnExec | FileDescriptor.NonBlocking), "create an event");
        var change = new EpollEvent { Events = (uint)IoEvents.Readable, Token = WakeToken };
        NativeException.Check(NativeMethods.EpollControl(_epoll, OperationAdd, _wake, &change), "watch an event");
        new Thread(Run) { IsBackground = true, Name = "io" }.Start();
    }

    /// <summary>Watches a descriptor until <see cref="Remove"/>, which must come before its close.</summary>
    /// <returns>The token to remove it by.</returns>
    public ulong Add(int fd, IoEvents events, IReadyHandler handler)
    {
        ulong token;
        lock (_gate)
        {
            token = ++_lastToken;
            _handlers.Add(token, handler);
        }

        var change = new EpollEvent { Events = (uint)events, Token = token };
        if (NativeMethods.EpollControl(_epoll, OperationAdd, fd, &change) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            lock (_gate)
            {
                _handlers.Remove(token);
            }

            throw new NativeException("watch a descriptor", error);
        }

        return token;
    }

    /// <summary>Stops watching. An event that is under way may still be told once.</summary>
    public void Remove(int fd, ulong token)
    {
        lock (_gate)
        {
            _handlers.Remove(token);
        }

        EpollEvent unused = default;
        _ = NativeMethods.EpollControl(_epoll, OperationRemove, fd, &unused);
    }

    /// <summary>Runs an action on the loop's thread after a delay.</summary>
    public Deadline Schedule(TimeSpan delay, Action action)
    {
        var deadline = new Deadline(action);
        var due = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
        lock (_gate)
        {
            _deadlines.Enqueue(deadline, due);
        }

        ulong one = 1;
        _ = NativeMethods.Write(_wake, &one, sizeof(ulong));
        return deadline;
    }

    private void Run()
    {
        var events = stackalloc EpollEvent[MaximumEvents];
        while (true)
        {
            var count = NativeMethods.EpollWait(_epoll, events, MaximumEvents, RunDueDeadlines());
            for (var i = 0; i < count; i++)
            {
                Tell(events[i]);
            }
        }
    }

    private void Tell(EpollEvent ready)
    {
        if (ready.Token == WakeToken)
        {
            ulong count;
            _ = NativeMethods.Read(_wake, &count, sizeof(ulong));
            return;
        }

        IReadyHandler? handler;
        lock (_gate)
        {
            _handlers.TryGetValue(ready.Token, out handler);
        }

        if (handler is not null)
        {
            Guard(() => handler.OnReady((IoEvents)ready.Events));
        }
    }

    /// <summary>Runs what is due.</summary>
    /// <returns>Milliseconds until the next deadline; -1 when there is none.</returns>
    private int RunDueDeadlines()
    {
        while (true)
        {
            Deadline due;
            lock (_gate)
            {
                if (!_deadlines.TryPeek(out due!, out var at))
                {
                    return -1;
                }

                var left = at - _time.GetTimestamp();
                if (left > 0)
                {
                    // A script may have decades: more than a wait takes, and too much for a product in 64 bits.
                    return (int)Math.Min(int.MaxValue, Math.Ceiling(left * 1000.0 / _time.TimestampFrequency));
                }

                _deadlines.Dequeue();
            }

            Guard(due.Run);
        }
    }

    private static void Guard(Action action)
    {
        try
        {
            action();
        }
#pragma warning disable CA1031 // The edge of the loop's thread: a fault in one process must not end every other.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            GuestConsole.Say("an event failed: " + fault);
        }
    }
}
