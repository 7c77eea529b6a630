namespace Mags.Machines.Pool;

/// <summary>
/// How many machines are wanted at once: the most claims within the time that a machine takes to be made anew, looked
/// at over the last while.
/// </summary>
internal sealed class DemandMeter(TimeProvider time, TimeSpan memory)
{
    /// <summary>Claims that come closer together than this cannot be served by the same machine made anew.</summary>
    internal static readonly TimeSpan Burst = TimeSpan.FromSeconds(3);

    // Beyond this no more is learned: pools are smaller.
    private const int Most = 1024;

    private readonly Queue<long> _claims = [];

    /// <summary>Notes a claim.</summary>
    internal void Add()
    {
        if (_claims.Count == Most)
        {
            _ = _claims.Dequeue();
        }

        _claims.Enqueue(time.GetTimestamp());
    }

    /// <summary>The largest burst in memory; 0 when there was no claim.</summary>
    internal int Peak()
    {
        while (_claims.TryPeek(out var oldest) && time.GetElapsedTime(oldest) > memory)
        {
            _ = _claims.Dequeue();
        }

        var (peak, within) = (0, new Queue<long>());
        foreach (var claim in _claims)
        {
            while (within.TryPeek(out var first) && time.GetElapsedTime(first, claim) > Burst)
            {
                _ = within.Dequeue();
            }

            within.Enqueue(claim);
            peak = Math.Max(peak, within.Count);
        }

        return peak;
    }
}
