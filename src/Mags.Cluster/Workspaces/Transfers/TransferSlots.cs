using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>
/// How many exports and imports run at once: each holds a QEMU for as long as its client likes, so that without a limit
/// callers could take all of the node's memory.
/// </summary>
public sealed class TransferSlots : IDisposable
{
    private readonly SemaphoreSlim _free;

    /// <summary>All are free.</summary>
    public TransferSlots(IOptions<WorkspaceOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Count = options.Value.ParallelTransfers;
        _free = new SemaphoreSlim(Count);
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Takes one until it is disposed; null when all are taken.</summary>
    public IDisposable? TryTake() => _free.Wait(TimeSpan.Zero) ? new Slot(() => _free.Release()) : null;

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();

    private sealed class Slot(Action free) : IDisposable
    {
        private Action? _free = free;

        public void Dispose() => Interlocked.Exchange(ref _free, null)?.Invoke();
    }
}
