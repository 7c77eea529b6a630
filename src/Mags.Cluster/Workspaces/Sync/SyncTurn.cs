namespace Mags.Cluster.Workspaces.Sync;

/// <summary>Who waits for the syncs of one workspace. Its owner's lock guards all of it but the waiting.</summary>
internal sealed class SyncTurn(Guid workspace)
{
    private TaskCompletionSource? _running;
    private TaskCompletionSource? _next;
    private int _failures;

    public Guid Workspace { get; } = workspace;

    /// <summary>Asks for a sync that begins from now on.</summary>
    public Task Ask() => (_next ??= New()).Task;

    /// <summary>A sync begins: who asks from now on waits for the next.</summary>
    public void Begin() => (_running, _next) = (_next ?? New(), null);

    /// <summary>The sync is over.</summary>
    /// <param name="isDone">Whether it succeeded.</param>
    /// <returns>Whether another one is asked for.</returns>
    public bool End(bool isDone)
    {
        _failures = isDone ? 0 : _failures + 1;
        _running!.SetResult();
        return _next is not null;
    }

    /// <summary>Waits before a sync that failed is tried again: twice as long each time.</summary>
    public Task UntilNextTryAsync(TimeSpan first, TimeSpan last, TimeProvider time, CancellationToken cancellationToken)
    {
        var delay = first * Math.Pow(2, Math.Min(_failures - 1, 16));
        return Task.Delay(delay < last ? delay : last, time, cancellationToken);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
