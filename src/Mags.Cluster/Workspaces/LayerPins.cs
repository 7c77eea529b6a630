namespace Mags.Cluster.Workspaces;

/// <summary>
/// Which layers jobs of this node are about to open or have open: their files stay until the last one lets go, also when
/// their rows are gone. After a crash such files belong to nobody, and go at the next start.
/// </summary>
internal sealed class LayerPins
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _pins = [];
    private readonly HashSet<Guid> _doomed = [];

    /// <summary>Keeps layers.</summary>
    public void Pin(IEnumerable<Guid> layers)
    {
        lock (_lock)
        {
            foreach (var layer in layers)
            {
                _pins[layer] = _pins.GetValueOrDefault(layer) + 1;
            }
        }
    }

    /// <summary>Lets go of layers.</summary>
    /// <returns>Those whose files are to be removed now.</returns>
    public IReadOnlyList<Guid> Unpin(IEnumerable<Guid> layers)
    {
        lock (_lock)
        {
            var free = new List<Guid>();
            foreach (var layer in layers)
            {
                if (--_pins[layer] == 0)
                {
                    _ = _pins.Remove(layer);
                    if (_doomed.Remove(layer))
                    {
                        free.Add(layer);
                    }
                }
            }

            return free;
        }
    }

    /// <summary>Says that layers are needed no more.</summary>
    /// <returns>Those whose files are to be removed now.</returns>
    public IReadOnlyList<Guid> Doom(IEnumerable<Guid> layers)
    {
        lock (_lock)
        {
            var free = new List<Guid>();
            foreach (var layer in layers)
            {
                if (_pins.ContainsKey(layer))
                {
                    _ = _doomed.Add(layer);
                }
                else
                {
                    free.Add(layer);
                }
            }

            return free;
        }
    }
}
