namespace Mags.Cluster.Workspaces.Sync;

/// <summary>Who waits for the syncs of one workspace. Its owner's lock guards all of it but the waiting.</summary>
internal sealed class SyncTurn(Guid workspace)
{
    private TaskCompletionSource? _running;
    private TaskCompletionSource? _next;
    private bool _isWhole;

    public Guid Workspace { get; } = workspace;

    /// <summary>How often it failed since it last succeeded.</summary>
    public int Failures { get; private set; }

    /// <summary>Asks for a sync that begins from now on.</summary>
    /// <param name="isWhole">Whether it is to hold also what a guest has in its memory only.</param>
    public Task Ask(bool isWhole)
    {
        _isWhole |= isWhole;
        return (_next ??= New()).Task;
    }

    /// <summary>What was asked for could not be had of the guest: it is asked for again by the next try.</summary>
    public void KeepWhole() => _isWhole = true;

    /// <summary>A sync begins: who asks from now on waits for the next.</summary>
    /// <returns>Whether it is to hold also what a guest has in its memory only.</returns>
    public bool Begin()
    {
        (_running, _next) = (_next ?? New(), null);
        (var isWhole, _isWhole) = (_isWhole, false);
        return isWhole;
    }

    /// <summary>The sync is over.</summary>
    /// <param name="isDone">Whether it succeeded.</param>
    /// <returns>Whether another one is asked for.</returns>
    public bool End(bool isDone)
    {
        Failures = isDone ? 0 : Failures + 1;
        _running!.SetResult();
        return _next is not null;
    }

    /// <summary>Waits before a sync that failed is tried again: twice as long each time.</summary>
    public Task UntilNextTryAsync(TimeSpan first, TimeSpan last, TimeProvider time, CancellationToken cancellationToken)
    {
        var delay = first * Math.Pow(2, Math.Min(Failures - 1, 16));
        return Task.Delay(delay < last ? delay : last, time, cancellationToken);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
