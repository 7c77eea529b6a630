using Mags.Data.Workspaces;
using Mags.Storage;
using Mags.Storage.Objects;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Objects;

/// <summary>
/// Opens the object store before its first use, and again until that succeeds: nothing is written to one that is not ours.
/// </summary>
public sealed partial class StoreGate(
    IObjectStore store, StoreBinding binding, IOptions<ObjectStoreOptions> options, ILogger<StoreGate> logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _changing = new();
    private volatile StoreState _state = new(
        store.Location, IsOpen: false, ConditionalWrites: null, Fault: null, SweepFault: null);

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
                var wanted = options.Value.AcceptOther ? null : await binding.GetAsync(cancellationToken);
                var there = await StoreIdentity.OpenAsync(store, wanted, cancellationToken);
                if (await binding.SetAsync(there.StoreId, cancellationToken) is > 0 and var count)
                {
                    LogOther(store.Location, count);
                }

                var conditional = await store.ConditionalWrites(cancellationToken);
                Change(state => state with { IsOpen = true, ConditionalWrites = conditional, Fault = null });
                LogOpened(store.Location, conditional);
            }
        }
        catch (ObjectStoreException exception)
        {
            Note(exception.Message);
            throw;
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    /// <summary>Notes what a use of it came to.</summary>
    internal void Note(string? fault) => Change(state => state with { Fault = fault });

    /// <summary>Notes why the last sweep could not delete what nothing names; null when it could.</summary>
    internal void NoteSweep(string? fault) => Change(state => state with { SweepFault = fault });

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private void Change(Func<StoreState, StoreState> change)
    {
        lock (_changing)
        {
            _state = change(_state);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Location} is not the object store of before; {Count} workspaces are sent to it anew")]
    private partial void LogOther(string location, int count);

    [LoggerMessage(LogLevel.Information, "The object store is {Location} (conditional writes: {Conditional})")]
    private partial void LogOpened(string location, bool conditional);
}

/// <summary>How the object store is.</summary>
/// <param name="Location">Where it is.</param>
/// <param name="IsOpen">Whether it was reached and found to be ours.</param>
/// <param name="ConditionalWrites">Whether it keeps two databases from writing over each other; null when not known.</param>
/// <param name="Fault">What was wrong when it was last used; null when nothing was.</param>
/// <param name="SweepFault">
/// Why the last sweep could not delete what nothing names; null when it could. Nothing is lost by it, but room is.
/// </param>
public sealed record StoreState(
    string Location, bool IsOpen, bool? ConditionalWrites, string? Fault, string? SweepFault);
