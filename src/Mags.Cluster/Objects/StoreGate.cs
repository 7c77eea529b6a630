using Mags.Storage.Objects;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Objects;

/// <summary>
/// Opens the object store before its first use, and again until that succeeds: nothing is written to one that is not ours.
/// </summary>
public sealed partial class StoreGate(IObjectStore store, ILogger<StoreGate> logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile StoreState _state = new(store.Location, IsOpen: false, ConditionalWrites: null, Fault: null);

    /// <summary>How it is, as far as is known.</summary>
    public StoreState State => _state;

    /// <summary>Opens it, unless it is open.</summary>
    /// <exception cref="ObjectStoreException">It cannot be used; the message says why.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_state.IsOpen)
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!_state.IsOpen)
            {
                _ = await StoreIdentity.OpenAsync(store, cancellationToken);
                var conditional = await store.ConditionalWrites(cancellationToken);
                _state = new StoreState(store.Location, IsOpen: true, conditional, Fault: null);
                LogOpened(store.Location, conditional);
            }
        }
        catch (ObjectStoreException exception)
        {
            _state = _state with { Fault = exception.Message };
            throw;
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    /// <summary>Notes what a use of it came to.</summary>
    internal void Note(string? fault) => _state = _state with { Fault = fault };

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    [LoggerMessage(LogLevel.Information, "The object store is {Location} (conditional writes: {Conditional})")]
    private partial void LogOpened(string location, bool conditional);
}

/// <summary>How the object store is.</summary>
/// <param name="Location">Where it is.</param>
/// <param name="IsOpen">Whether it was reached and found to be ours.</param>
/// <param name="ConditionalWrites">Whether it keeps two databases from writing over each other; null when not known.</param>
/// <param name="Fault">What was wrong when it was last used; null when nothing was.</param>
public sealed record StoreState(string Location, bool IsOpen, bool? ConditionalWrites, string? Fault);
