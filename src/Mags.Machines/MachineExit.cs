namespace Mags.Machines;

/// <summary>How a machine ended.</summary>
/// <param name="Cause">The kind of end.</param>
/// <param name="Message">A sentence for the user, naming the thing and the value.</param>
public sealed record MachineExit(MachineExitCause Cause, string Message);

/// <summary>Kinds of a machine's end.</summary>
public enum MachineExitCause
{
    /// <summary>Its owner disposed it.</summary>
    Disposed,

    /// <summary>The guest rebooted its kernel (<c>reboot(2)</c>, sysrq).</summary>
    GuestReboot,

    /// <summary>The guest powered off or halted.</summary>
    GuestPowerOff,

    /// <summary>The guest's kernel panicked.</summary>
    GuestPanic,

    /// <summary>The hypervisor ended or was killed.</summary>
    HypervisorGone,

    /// <summary>Guest and hypervisor together used more memory than they may.</summary>
    OutOfMemory,

    /// <summary>The host had no room for what the guest wrote to its disk.</summary>
    HostDiskFull,

    /// <summary>The guest's agent does not answer any more.</summary>
    AgentLost,
}
