using Mags.Machines.Walls;

namespace Mags.Machines;

/// <summary>Whether this node can run machines.</summary>
/// <param name="State">The state.</param>
/// <param name="Reason">What is being done or why nothing can run; null when ready.</param>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>; null until known.</param>
/// <param name="AcceleratorReason">Why that accelerator, in a sentence.</param>
public sealed record HostStatus(
    HostState State, string? Reason = null, string? Accelerator = null, string? AcceleratorReason = null)
{
    /// <summary>What keeps sandboxes in; empty until known.</summary>
    public IReadOnlyList<Wall> Walls { get; init; } = [];

    /// <summary>Why no sandbox gets a network; null while they do, or until known.</summary>
    public string? NetworkAbsence { get; init; }
}

/// <summary>States of a machine host.</summary>
public enum HostState
{
    /// <summary>Kernel, images or the first template are being made; jobs wait as pending.</summary>
    Starting,

    /// <summary>Machines can be made.</summary>
    Ready,

    /// <summary>No machine can be made at all.</summary>
    Failed,
}
