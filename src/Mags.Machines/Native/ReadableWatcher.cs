using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>
/// Waits for descriptors without polling: one thread for all of them sleeps in <c>epoll_wait</c>. A descriptor is let go of
/// with its first event, so that whoever reads it from then on wakes nobody here.
/// </summary>
internal sealed class ReadableWatcher
{
    private const int Add = 1;
    private const int Remove = 2;

    private static readonly Lazy<ReadableWatcher> _shared = new(() => new ReadableWatcher());

    private readonly SafeFileHandle _epoll;
    private readonly ConcurrentDictionary<long, Watch> _watches = [];
    private long _lastKey;

    private ReadableWatcher()
    {
        const int CloseOnExec = 0x80000;
        _epoll = LibC.EpollCreate(CloseOnExec);
        if (_epoll.IsInvalid)
        {
            throw NativeError.Last("epoll_create1");
        }

        new Thread(Run) { IsBackground = true, Name = "descriptors" }.Start();
    }

    /// <summary>The one watcher of this process.</summary>
    internal static ReadableWatcher Shared => _shared.Value;

    /// <summary>Completes when there is something to read, or the other end has hung up.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before.</exception>
    internal async Task WaitAsync(SafeFileHandle fd, CancellationToken cancellationToken)
    {
        var key = Interlocked.Increment(ref _lastKey);
        var watch = new Watch(fd);
        _watches[key] = watch;
        Begin(key, fd);
        using var cancel = cancellationToken.Register(() =>
        {
            if (_watches.TryRemove(key, out _))
            {
                LetGo(watch);
                _ = watch.Ready.TrySetCanceled(cancellationToken);
            }
        });
        await watch.Ready.Task;
    }

    private unsafe void Begin(long key, SafeFileHandle fd)
    {
        const uint Readable = 1, OneShot = 1u << 30;
        var change = new LibC.EpollEvent { Events = Readable | OneShot, Data = key };
        if (LibC.EpollControl(_epoll, Add, fd, &change) != 0)
        {
            _ = _watches.TryRemove(key, out _);
            throw NativeError.Last("epoll_ctl");
        }
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
                    LetGo(watch);
                    watch.Ready.SetResult();
                }
            }
        }
    }

    private unsafe void LetGo(Watch watch)
    {
        try
        {
            var unused = default(LibC.EpollEvent);
            _ = LibC.EpollControl(_epoll, Remove, watch.Fd, &unused);
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile, which has the same effect.
        }
    }

    private sealed record Watch(SafeFileHandle Fd)
    {
        internal TaskCompletionSource Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
