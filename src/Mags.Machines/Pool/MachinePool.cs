using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Pool;

/// <summary>
/// The machines that wait for sandboxes. It decides which ones should be there; <see cref="PoolKeeper"/> makes them.
/// Hot ones have gone a claim's way and are stopped: they take memory and no processor time.
/// </summary>
internal sealed class MachinePool(IOptions<PoolOptions> options, TimeProvider time) : IMemoryYield, IAsyncDisposable
{
    // What a machine of each kind takes of the host's memory; measured by the memory benchmark.
    private const long HotBytes = 70L << 20;
    private const long ColdBytes = 25L << 20;

    // Memory that was given to a job is not taken back at once.
    private static readonly TimeSpan _afterShortage = TimeSpan.FromSeconds(30);

    private static readonly Readiness[] _mostWantedFirst = [Readiness.Mounted, Readiness.Rehearsed, Readiness.Cold];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, PoolShelf> _shelves = [];
    private readonly long _budget = (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * options.Value.MemoryShare);
    private TaskCompletionSource _changed = NewSource();
    private long? _shortSince;
    private bool _closed;

    /// <summary>Completes at the next change of what is there or wanted.</summary>
    internal Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Takes a machine for a sandbox, who owns it then; null when none waits.</summary>
    /// <param name="template">What it is to be a clone of.</param>
    /// <param name="emptyDiskGb">Size of the empty disk that it wants; null when it brings a disk.</param>
    internal RestoredMachine? TryTake(TemplateLease template, int? emptyDiskGb)
    {
        lock (_lock)
        {
            var shelf = ShelfOf(template);
            var defaultDisk = emptyDiskGb == options.Value.DefaultDiskGb;
            shelf.AddDemand(defaultDisk);
            Tell();
            return shelf.Take(defaultDisk);
        }
    }

    /// <summary>Says which template is to be kept ready always.</summary>
    internal void SetDefault(TemplateLease template)
    {
        lock (_lock)
        {
            foreach (var shelf in _shelves.Values)
            {
                shelf.IsDefault = false;
            }

            ShelfOf(template).IsDefault = true;
        }
    }

    /// <summary>The machine that is missing most; null when none is, or memory does not allow one more.</summary>
    internal PoolOrder? NextOrder()
    {
        lock (_lock)
        {
            if (_closed || (_shortSince is { } since && time.GetElapsedTime(since) < _afterShortage))
            {
                return null;
            }

            var missing =
                from readiness in _mostWantedFirst
                from shelf in _shelves.Values.OrderByDescending(shelf => shelf.IsDefault)
                where shelf.Count(readiness) < shelf.Target(readiness)
                select (shelf, readiness);
            foreach (var (shelf, readiness) in missing)
            {
                var cold = readiness == Readiness.Cold ? null : shelf.Take(Readiness.Cold);
                if (Bytes() + BytesOf(readiness) <= _budget)
                {
                    shelf.AddMaking(readiness, 1);
                    return new PoolOrder(shelf, readiness, cold);
                }

                if (cold is not null)
                {
                    shelf.Waiting.Add(cold);
                }
            }

            return null;
        }
    }

    /// <summary>Ends an order: the machine waits from now on. A null one could not be made.</summary>
    internal async Task CompleteAsync(PoolOrder order, RestoredMachine? machine)
    {
        lock (_lock)
        {
            order.Shelf.AddMaking(order.Readiness, -1);
            if (machine is not null && !_closed)
            {
                order.Shelf.Waiting.Add(machine);
                _ = RemoveAtItsEndAsync(order.Shelf, machine);
                machine = null;
            }

            Tell();
        }

        if (machine is not null)
        {
            await machine.DisposeAsync();
        }
    }

    /// <summary>
    /// Takes out what nobody has wanted for a while; the caller ends it. What time alone brings about is told here as
    /// well: after a shortage of memory there may be no other event.
    /// </summary>
    internal IReadOnlyList<RestoredMachine> TakeSurplus()
    {
        lock (_lock)
        {
            Tell();
            var surplus = new List<RestoredMachine>();
            foreach (var shelf in _shelves.Values.ToList())
            {
                foreach (var readiness in _mostWantedFirst)
                {
                    while (shelf.Count(readiness) > shelf.Target(readiness) && shelf.Take(readiness) is { } machine)
                    {
                        surplus.Add(machine);
                    }
                }

                if (!shelf.IsWanted && _mostWantedFirst.All(readiness => shelf.Count(readiness) == 0))
                {
                    _ = _shelves.Remove(shelf.Template.Recipe.Key);
                    shelf.Dispose();
                }
            }

            return surplus;
        }
    }

    /// <summary>Ends waiting machines, the least useful first: jobs that could run come before jobs that may come.</summary>
    public async ValueTask<bool> TryFreeAsync(long bytes, CancellationToken cancellationToken)
    {
        List<RestoredMachine> given = [];
        lock (_lock)
        {
            _shortSince = time.GetTimestamp();
            foreach (var readiness in _mostWantedFirst.Reverse())
            {
                foreach (var shelf in _shelves.Values.OrderBy(shelf => shelf.IsDefault))
                {
                    while (bytes > 0 && shelf.Take(readiness) is { } machine)
                    {
                        given.Add(machine);
                        bytes -= BytesOf(readiness);
                    }
                }
            }
        }

        await Task.WhenAll(given.Select(machine => machine.DisposeAsync().AsTask())).WaitAsync(cancellationToken);
        return given.Count > 0;
    }

    /// <summary>What there is.</summary>
    internal PoolStatus Status(int busy)
    {
        lock (_lock)
        {
            var waiting = _shelves.Values.SelectMany(shelf => shelf.Waiting).ToList();
            var cold = waiting.Count(machine => machine.Readiness == Readiness.Cold);
            var least = Math.Min(options.Value.MinHot, options.Value.MaxHot) + Math.Min(options.Value.MinUnmounted, options.Value.MaxHot);
            var most = (2 * options.Value.MaxHot) + options.Value.Cold;
            return new PoolStatus(waiting.Count - cold, cold, busy, least, most);
        }
    }

    /// <summary>Ends all that wait; nothing comes in any more.</summary>
    public async ValueTask DisposeAsync()
    {
        List<RestoredMachine> left;
        lock (_lock)
        {
            _closed = true;
            left = [.. _shelves.Values.SelectMany(shelf => shelf.Waiting)];
            foreach (var shelf in _shelves.Values)
            {
                shelf.Dispose();
            }

            _shelves.Clear();
        }

        await Task.WhenAll(left.Select(machine => machine.DisposeAsync().AsTask()));
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static long BytesOf(Readiness readiness) => readiness == Readiness.Cold ? ColdBytes : HotBytes;

    private long Bytes() =>
        _shelves.Values.Sum(shelf => _mostWantedFirst.Sum(readiness => shelf.Count(readiness) * BytesOf(readiness)));

    private PoolShelf ShelfOf(TemplateLease template)
    {
        var key = template.Template.Recipe.Key;
        if (!_shelves.TryGetValue(key, out var shelf))
        {
            _shelves[key] = shelf = new PoolShelf(template, options.Value, time);
        }

        return shelf;
    }

    /// <summary>A machine that dies while it waits is never handed out.</summary>
    private async Task RemoveAtItsEndAsync(PoolShelf shelf, RestoredMachine machine)
    {
        _ = await Task.WhenAny(machine.Qemu.Exited, machine.Qemu.Shutdown);
        lock (_lock)
        {
            if (!shelf.Waiting.Remove(machine))
            {
                // Taken: its end is its owner's affair.
                return;
            }

            Tell();
        }

        await machine.DisposeAsync();
    }

    private void Tell()
    {
        var told = _changed;
        _changed = NewSource();
        told.SetResult();
    }
}

/// <summary>A machine that is to be made for the pool.</summary>
/// <param name="Shelf">Where it belongs.</param>
/// <param name="Readiness">How far it is to be brought.</param>
/// <param name="Cold">A cold machine to start from; null to restore one.</param>
internal sealed record PoolOrder(PoolShelf Shelf, Readiness Readiness, RestoredMachine? Cold);
