using Mags.Protocol;

namespace Mags.Agent.Sandbox;

/// <summary>Holds the writable disk's file system still once, and lets go by itself if nobody says so.</summary>
/// <remarks>
/// All of it is done by a thread of its own: whatever becomes of the host, of its calls and of the pool's threads, the one
/// that froze the disk is there to thaw it. Nothing of it touches that disk meanwhile, for it would wait for itself.
/// </remarks>
internal sealed class DiskFreeze(int root, TimeProvider time)
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ThawDiskReply> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _gate = new();
    private bool _isEnough;
    private volatile bool _isUnwanted;

    /// <summary>Whether the disk can be written again.</summary>
    public bool IsOver => _over.Task.IsCompleted;

    /// <summary>Writes the disk out and freezes it, in this order: most of it while the sandbox can go on.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        new Thread(Run) { IsBackground = true, Name = "freeze" }.Start();
        await using (cancellationToken.Register(Forget))
        {
            await _frozen.Task;
        }
    }

    /// <summary>Lets go, and says how it went.</summary>
    public Task<ThawDiskReply> EndAsync()
    {
        lock (_gate)
        {
            _isEnough = true;
            Monitor.PulseAll(_gate);
        }

        return _over.Task;
    }

    private void Forget()
    {
        _isUnwanted = true;
        _ = EndAsync();
    }

    private bool WaitForEnd()
    {
        lock (_gate)
        {
            // Nothing else wakes it: one wait is the whole of it.
            return _isEnough || Monitor.Wait(_gate, _longest);
        }
    }

    private void Run()
    {
        var reply = new ThawDiskReply();
        try
        {
            WritableDisk.WriteOut(root);
            if (_isUnwanted)
            {
                throw new OperationCanceledException("nobody waits for it any more");
            }

            var start = time.GetTimestamp();
            WritableDisk.Freeze(root);
            _frozen.SetResult();
            reply.Held = WaitForEnd() && !_isUnwanted;
            WritableDisk.Thaw(root);
            reply.FrozenUs = (long)time.GetElapsedTime(start).TotalMicroseconds;
        }
#pragma warning disable CA1031 // The edge of the thread: the fault belongs to the one who asked.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _ = _frozen.TrySetException(fault);
        }

        _over.SetResult(reply);
    }
}
