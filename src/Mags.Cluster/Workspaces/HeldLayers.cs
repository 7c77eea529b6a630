using Mags.Machines.Disks;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// Which layers are in use on this node: their files stay until the last user lets go, whatever becomes of their rows
/// meanwhile, and those that are needed no more go then.
/// </summary>
internal sealed class HeldLayers(LayerFiles files) : IDisposable
{
    private readonly LayerPins _pins = new();

    // Between reading which layers there are and pinning them none may go.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Reads which layers there are; they stay until <see cref="Unpin"/>.</summary>
    public Task<T> PinAsync<T>(
        Func<Task<T>> read, Func<T, IReadOnlyList<Guid>?> layersOf, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            var found = await read();
            _pins.Pin(layersOf(found) ?? []);
            return found;
        },
        cancellationToken);

    /// <summary>Lets go of layers.</summary>
    public void Unpin(IReadOnlyList<Guid> layers) => RemoveFiles(_pins.Unpin(layers));

    /// <summary>Changes rows so that layers are needed no more; nobody reads which there are in between.</summary>
    public async Task<T> RemoveAsync<T>(
        Func<Task<T>> change, Func<T, IReadOnlyList<Guid>> unneededBy, CancellationToken cancellationToken)
    {
        var changed = await InTurnAsync(change, cancellationToken);
        RemoveFiles(_pins.Doom(unneededBy(changed)));
        return changed;
    }

    public void Dispose() => _turn.Dispose();

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    private void RemoveFiles(IReadOnlyList<Guid> layers)
    {
        foreach (var layer in layers)
        {
            files.Remove(layer);
        }
    }
}
