namespace Mags.Agent.Io;

/// <summary>An edge-triggered condition that one reader at a time can wait for.</summary>
/// <remarks>
/// The reader clears it, tries, and waits only when the try found nothing: a change between the try and the wait is
/// remembered, so none is lost.
/// </remarks>
internal sealed class Readiness
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiter;
    private bool _set;

    public void Clear()
    {
        lock (_gate)
        {
            _set = false;
        }
    }

    public void Set()
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _set = true;
            (waiter, _waiter) = (_waiter, null);
        }

        waiter?.TrySetResult();
    }

    /// <summary>Completes when it is set, at once when it was since the last <see cref="Clear"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_set)
            {
                return Task.CompletedTask;
            }

            _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiter.Task.WaitAsync(cancellationToken);
        }
    }
}
