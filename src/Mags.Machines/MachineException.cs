namespace Mags.Machines;

/// <summary>A machine could not be made or does not work any more.</summary>
public sealed class MachineException(MachineFault reason, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What kind of fault.</summary>
    public MachineFault Reason { get; } = reason;
}

/// <summary>Kinds of <see cref="MachineException"/>.</summary>
public enum MachineFault
{
    /// <summary>The image is not in the catalog.</summary>
    UnknownImage,

    /// <summary>No template could be made for this image and size.</summary>
    NoTemplate,

    /// <summary>The hypervisor did not start, or refused a command.</summary>
    Hypervisor,

    /// <summary>The guest's agent did not answer in time, or answered wrongly.</summary>
    Agent,

    /// <summary>The machine has ended; <see cref="IMachine.Ended"/> says how.</summary>
    Ended,

    /// <summary>The node has no disk space or memory for it.</summary>
    NoResources,

    /// <summary>The disk that it was to start from is gone.</summary>
    NoDisk,

    /// <summary>A network was asked for that this host cannot give.</summary>
    NoNetwork,

    /// <summary>A tool or file that the host needs is missing or failed.</summary>
    Setup,
}
