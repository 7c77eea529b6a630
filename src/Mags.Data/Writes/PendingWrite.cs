namespace Mags.Data.Writes;

/// <summary>A write that waits in the queue, and its caller who waits for it.</summary>
internal abstract class PendingWrite
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int TakenBack = 2;

    private int _state;

    /// <summary>From here on the caller's cancellation has no effect.</summary>
    /// <returns>False when the caller has taken it back.</returns>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Waiting) == Waiting;

    /// <summary>
    /// Why it failed by itself; null when it did not. Told with its batch and not before: the reason may be what another
    /// one in it wrote, which its caller then looks for.
    /// </summary>
    public Exception? Fault { get; set; }

    /// <summary>Runs it in the open transaction.</summary>
    public abstract Task ExecuteAsync(MagsDbContext db);

    /// <summary>Tells the caller: the batch is durable, and this one with it unless it failed by itself.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller: nothing of the batch was written. Its own fault goes before that.</summary>
    public abstract void Fail(Exception exception);

    /// <returns>False when it has begun.</returns>
    protected bool TryTakeBack() => Interlocked.CompareExchange(ref _state, TakenBack, Waiting) == Waiting;
}

/// <summary>A write with a result.</summary>
internal sealed class PendingWrite<T>(Func<MagsDbContext, Task<T>> write) : PendingWrite
{
    // Callers must not run on the queue's loop: it would write nothing meanwhile.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Waits for the write, or takes it back.</summary>
    public async Task<T> WaitAsync(CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var self = (PendingWrite<T>)state!;
                if (self.TryTakeBack())
                {
                    self._done.TrySetCanceled(token);
                }
            },
            this);
        return await _done.Task;
    }

    public override async Task ExecuteAsync(MagsDbContext db) => _result = await write(db);

    public override void Complete()
    {
        if (Fault is { } fault)
        {
            _ = _done.TrySetException(fault);
        }
        else
        {
            _ = _done.TrySetResult(_result!);
        }
    }

    public override void Fail(Exception exception) => _done.TrySetException(Fault ?? exception);
}
