namespace Mags.Machines.Sandboxes;

/// <summary>
/// Lets as many machines be made at once as the host has cores, in the order of asking: making one is bound by the
/// processor, and all of them at once would only be late together. The pool gets a slot only while no job wants one.
/// </summary>
internal sealed class RestoreSlots(int count)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _jobs = [];
    private TaskCompletionSource _spare = NewSource();
    private int _free = count;

    public RestoreSlots()
        : this(Environment.ProcessorCount)
    {
    }

    /// <summary>Waits for a slot; disposing the answer gives it back.</summary>
    internal async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> waiting;
        lock (_lock)
        {
            if (_free > 0)
            {
                return TakeFree();
            }

            waiting = _jobs.AddLast(NewSource());
        }

        try
        {
            await waiting.Value.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Withdraw(waiting);
            throw;
        }

        return new Slot(this);
    }

    /// <summary>Waits until a slot is free that no job waits for.</summary>
    internal async Task<IDisposable> TakeSpareAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task freed;
            lock (_lock)
            {
                if (_free > 0)
                {
                    return TakeFree();
                }

                freed = _spare.Task;
            }

            await freed.WaitAsync(cancellationToken);
        }
    }

    private Slot TakeFree()
    {
        if (--_free == 0)
        {
            _spare = NewSource();
        }

        return new Slot(this);
    }

    private void Release()
    {
        lock (_lock)
        {
            if (_jobs.First is { } next)
            {
                _jobs.RemoveFirst();
                next.Value.SetResult();
                return;
            }

            _free++;
            _ = _spare.TrySetResult();
        }
    }

    private void Withdraw(LinkedListNode<TaskCompletionSource> waiting)
    {
        lock (_lock)
        {
            if (waiting.List is not null)
            {
                _jobs.Remove(waiting);
                return;
            }
        }

        // It was given a slot in the very moment of its cancellation.
        Release();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Slot(RestoreSlots slots) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                slots.Release();
            }
        }
    }
}
