namespace Mags.Cluster.Jobs.Logs;

/// <summary>
/// What is known in memory of one job's log while somebody writes or follows it: how much is written, and a signal
/// for those who wait for more.
/// </summary>
internal sealed class JobLogFeed(Guid jobId)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiters;
    private long _version;
    private long? _committedBytes;
    private bool _ended;

    public Guid JobId { get; } = jobId;

    /// <summary>How many hold this feed; guarded by the store's lock.</summary>
    public int Holders { get; set; }

    /// <summary>Changes whenever there may be something new.</summary>
    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _version;
            }
        }
    }

    /// <summary>Bytes of the file that are whole records; null while no writer is open.</summary>
    public long? CommittedBytes
    {
        get
        {
            lock (_gate)
            {
                return _committedBytes;
            }
        }
    }

    /// <summary>Whether nothing will follow any more.</summary>
    public bool Ended
    {
        get
        {
            lock (_gate)
            {
                return _ended;
            }
        }
    }

    public void Commit(long? bytes) => Signal(() => _committedBytes = bytes);

    public void End() => Signal(() => _ended = true);

    /// <summary>Completes as soon as <see cref="Version"/> is another than <paramref name="seen"/>.</summary>
    public Task ChangedAsync(long seen)
    {
        lock (_gate)
        {
            if (_version != seen)
            {
                return Task.CompletedTask;
            }

            _waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiters.Task;
        }
    }

    private void Signal(Action change)
    {
        TaskCompletionSource? waiters;
        lock (_gate)
        {
            change();
            _version++;
            waiters = _waiters;
            _waiters = null;
        }

        waiters?.SetResult();
    }
}
