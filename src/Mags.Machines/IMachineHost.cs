using Mags.Machines.Pool;

namespace Mags.Machines;

/// <summary>The sandboxes of this node. The boundary to the hypervisor: everything above it sees only this.</summary>
public interface IMachineHost
{
    /// <summary>Whether machines can be made now, and what runs them.</summary>
    HostStatus Status { get; }

    /// <summary>How many machines wait and how many are taken.</summary>
    PoolStatus Pool { get; }

    /// <summary>
    /// Gives a claimed machine: own kernel, own identity and random pool, disk mounted, ready to run a process.
    /// Waits for its template when that is still being made.
    /// </summary>
    /// <exception cref="MachineException">No machine could be made; <see cref="MachineException.Reason"/> says why.</exception>
    Task<IMachine> AcquireAsync(MachineRequest request, CancellationToken cancellationToken);
}
