namespace Mags.Agent.Processes;

/// <summary>The processes that the host started, by its ids, until it knows all about them.</summary>
internal sealed class ProcessTable
{
    // Ended processes whose host never came back to acknowledge everything; the oldest are forgotten.
    private const int MaximumEnded = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, GuestProcess?> _processes = [];
    private readonly Queue<string> _ended = new();

    /// <summary>Takes an id for a process that is being started; false when it is in use.</summary>
    public bool TryReserve(string id)
    {
        lock (_gate)
        {
            return _processes.TryAdd(id, null);
        }
    }

    /// <summary>Puts the started process under its reserved id; null gives the id back.</summary>
    public void Settle(string id, GuestProcess? process)
    {
        lock (_gate)
        {
            if (process is null)
            {
                _processes.Remove(id);
            }
            else
            {
                _processes[id] = process;
            }
        }
    }

    public GuestProcess? Find(string id)
    {
        lock (_gate)
        {
            return _processes.GetValueOrDefault(id);
        }
    }

    /// <summary>The process's end was sent: keeps it for a host that asks again, but not for ever.</summary>
    public void MarkEnded(string id)
    {
        lock (_gate)
        {
            _ended.Enqueue(id);
            while (_ended.Count > MaximumEnded)
            {
                Forget(_ended.Dequeue());
            }
        }
    }

    /// <summary>The host has all of it.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            Forget(id);
        }
    }

    private void Forget(string id)
    {
        if (_processes.Remove(id, out var process))
        {
            process?.Release();
        }
    }
}
