namespace Mags.Cluster.Jobs;

/// <summary>A job that runs on this node.</summary>
internal sealed class JobRun : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;
    private bool _begun;

    /// <summary>Completes when the run is over and what it has to report is written.</summary>
    public Task Done => _done.Task;

    /// <summary>Cancelled when the run is to be cut off.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Marks that its script begins.</summary>
    /// <returns>False when it was cut off before: then it must not begin.</returns>
    public bool TryBegin()
    {
        lock (_gate)
        {
            _begun = !_stop.IsCancellationRequested;
            return _begun;
        }
    }

    /// <summary>Marks that its script is over while its sandbox lives on: nobody waits for that to end by itself.</summary>
    public void Rest()
    {
        lock (_gate)
        {
            _begun = false;
        }
    }

    /// <summary>Cuts it off unless its script runs.</summary>
    public void StopUnlessBegun()
    {
        lock (_gate)
        {
            if (_begun)
            {
                return;
            }
        }

        Stop();
    }

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
