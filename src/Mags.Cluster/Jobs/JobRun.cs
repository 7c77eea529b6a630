namespace Mags.Cluster.Jobs;

/// <summary>A job that runs on this node.</summary>
internal sealed class JobRun : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;

    /// <summary>Completes when the run is over and what it has to report is written.</summary>
    public Task Done => _done.Task;

    /// <summary>Cancelled when the run is to be cut off.</summary>
    public CancellationToken Stopped => _stop.Token;

    public void Stop()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _stop.Cancel();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _stop.Dispose();
        }

        _done.TrySetResult();
    }
}
