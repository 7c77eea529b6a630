using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>
/// Learns of the end of children without polling: one thread for all of them sleeps in <c>epoll_wait</c> on their pidfds.
/// </summary>
internal sealed class ExitWatcher
{
    private static readonly Lazy<ExitWatcher> _shared = new(() => new ExitWatcher());

    private readonly SafeFileHandle _epoll;
    private readonly ConcurrentDictionary<long, Watch> _watches = [];
    private long _lastKey;

    private ExitWatcher()
    {
        const int CloseOnExec = 0x80000;
        _epoll = LibC.EpollCreate(CloseOnExec);
        if (_epoll.IsInvalid)
        {
            throw NativeError.Last("epoll_create1");
        }

        new Thread(Run) { IsBackground = true, Name = "child exits" }.Start();
    }

    /// <summary>The one watcher of this process.</summary>
    internal static ExitWatcher Shared => _shared.Value;

    /// <summary>Completes when the child has ended; it is reaped by then.</summary>
    internal unsafe Task<ProcessExit> WatchAsync(SafeFileHandle pidfd)
    {
        const int Add = 1;
        const uint Readable = 1, OneShot = 1u << 30;
        var watch = new Watch(pidfd);
        var key = Interlocked.Increment(ref _lastKey);
        _watches[key] = watch;
        var change = new LibC.EpollEvent { Events = Readable | OneShot, Data = key };
        return LibC.EpollControl(_epoll, Add, pidfd, &change) == 0
            ? watch.Exited.Task
            : throw NativeError.Last("epoll_ctl");
    }

    private unsafe void Run()
    {
        const int Capacity = 16;
        var events = stackalloc LibC.EpollEvent[Capacity];
        while (true)
        {
            var count = LibC.EpollWait(_epoll, events, Capacity, -1);
            for (var i = 0; i < count; i++)
            {
                if (_watches.TryRemove(events[i].Data, out var watch))
                {
                    watch.Exited.SetResult(Reap(watch.Pidfd));
                }
            }
        }
    }

    // Offsets into siginfo_t are those of 64-bit Linux: si_code at 8, si_status at 24.
    private static unsafe ProcessExit Reap(SafeFileHandle pidfd)
    {
        const int ByPidfd = 3, Exited = 4, CodeExited = 1;
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        if (LibC.WaitId(ByPidfd, (int)pidfd.DangerousGetHandle(), info, Exited) != 0)
        {
            // Not a child of ours, or the kernel reaps children here (SIGCHLD ignored): ended, nobody knows how.
            return default;
        }

        var code = *(int*)(info + 8);
        var status = *(int*)(info + 24);
        return code == CodeExited ? new ProcessExit(status, 0) : new ProcessExit(0, status);
    }

    private sealed record Watch(SafeFileHandle Pidfd)
    {
        internal TaskCompletionSource<ProcessExit> Exited { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
