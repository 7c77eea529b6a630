using Mags.Machines;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Jobs.Admission;

/// <summary>Asks those who hold memory that they can spare to give it back, one request at a time.</summary>
internal sealed partial class MemoryRelief(IEnumerable<IMemoryYield> holders, ILogger<MemoryRelief> logger) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly List<IMemoryYield> _holders = [.. holders];
    private Task _asking = Task.CompletedTask;

    /// <summary>Asks, unless it is asking already or nobody can give; the caller does not wait.</summary>
    /// <param name="bytes">How much is missing.</param>
    /// <param name="freed">Called when some was given.</param>
    public void Ask(long bytes, Action freed)
    {
        lock (_gate)
        {
            if (_holders.Count > 0 && _asking.IsCompleted && !_closing.IsCancellationRequested)
            {
                _asking = Task.Run(() => AskAsync(bytes, freed));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _asking;
        _closing.Dispose();
    }

    private async Task AskAsync(long bytes, Action freed)
    {
        var given = false;
        foreach (var holder in _holders)
        {
            try
            {
                given |= await holder.TryFreeAsync(bytes, _closing.Token);
            }
#pragma warning disable CA1031 // The edge of a background task: jobs wait on, and it is asked again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogFailed(exception);
            }
        }

        if (given)
        {
            freed();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Memory could not be given back to jobs that wait for it")]
    private partial void LogFailed(Exception exception);
}
