using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;

namespace Mags.Machines.Pool;

/// <summary>The waiting machines of one template, and how many of them are wanted. Its pool's lock guards it.</summary>
internal sealed class PoolShelf(TemplateLease template, PoolOptions options, TimeProvider time) : IDisposable
{
    private readonly TemplateLease _lease = template.Share();
    private readonly DemandMeter _mounted = new(time, TimeSpan.FromMinutes(options.KeepMinutes));
    private readonly DemandMeter _rehearsed = new(time, TimeSpan.FromMinutes(options.KeepMinutes));
    private readonly int[] _making = new int[Enum.GetValues<Readiness>().Length];

    internal Template Template => _lease.Template;

    /// <summary>Whether it is kept ready without any demand.</summary>
    internal bool IsDefault { get; set; }

    internal List<RestoredMachine> Waiting { get; } = [];

    /// <summary>Lets the template go.</summary>
    public void Dispose() => _lease.Dispose();

    /// <summary>Notes that a sandbox with the default disk, or another one, was wanted.</summary>
    internal void AddDemand(bool defaultDisk) => (defaultDisk ? _mounted : _rehearsed).Add();

    /// <summary>Notes that a machine is being made, or no longer.</summary>
    internal void AddMaking(Readiness readiness, int count) => _making[(int)readiness] += count;

    /// <summary>Machines there are or will be soon.</summary>
    internal int Count(Readiness readiness) =>
        _making[(int)readiness] + Waiting.Count(machine => machine.Readiness == readiness);

    /// <summary>Machines that should wait.</summary>
    internal int Target(Readiness readiness) => readiness switch
    {
        Readiness.Mounted => Math.Min(options.MaxHot, Math.Max(IsDefault ? options.MinHot : 0, _mounted.Peak())),
        Readiness.Rehearsed => Math.Min(options.MaxHot, Math.Max(IsDefault ? options.MinUnmounted : 0, _rehearsed.Peak())),
        _ => IsWanted ? options.Cold : 0,
    };

    /// <summary>Whether anybody has wanted it lately.</summary>
    internal bool IsWanted => IsDefault || _mounted.Peak() + _rehearsed.Peak() > 0;

    /// <summary>Takes the machine that is the least work to claim; null when none fits.</summary>
    internal RestoredMachine? Take(bool defaultDisk) =>
        (defaultDisk ? Take(Readiness.Mounted) : null) ?? Take(Readiness.Rehearsed) ?? Take(Readiness.Cold);

    /// <summary>Takes a machine of just this readiness.</summary>
    internal RestoredMachine? Take(Readiness readiness)
    {
        // The oldest first. One whose process has ended is on its way out.
        var found = Waiting.Find(machine => machine.Readiness == readiness && !machine.Qemu.Exited.IsCompleted);
        if (found is not null)
        {
            _ = Waiting.Remove(found);
        }

        return found;
    }
}
