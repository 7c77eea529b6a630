using Mags.Machines.Agent;
using Mags.Machines.Disks;
using Mags.Machines.Qemu;
using Mags.Machines.Templates;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Sandboxes;

/// <summary>A clone of a template in a QEMU of its own, stopped, that no sandbox has claimed. Disposing it ends it.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Qemu">Its process.</param>
/// <param name="Template">What it is a clone of.</param>
/// <param name="Disk">The blank that its writable disk lies on.</param>
/// <param name="Network">The host's end of its wire, for the passt that it may get.</param>
/// <param name="Cleanup">Undoes all that it holds; whoever claims it takes it over.</param>
internal sealed record RestoredMachine(
    MachineFolder Folder,
    QemuProcess Qemu,
    Template Template,
    BlankDisk Disk,
    SafeFileHandle Network,
    CleanupStack Cleanup) : IAsyncDisposable
{
    /// <summary>Gives all back; one that was claimed belongs to its sandbox.</summary>
    public ValueTask DisposeAsync() => Cleanup.DisposeAsync();

    /// <summary>How far it has come towards a sandbox.</summary>
    internal Readiness Readiness { get; set; } = Readiness.Cold;

    /// <summary>The open channel to its agent; null while it was never run.</summary>
    internal AgentChannel? Channel { get; set; }

    /// <summary>The call that waits for its claim; null while it was never run.</summary>
    internal GuestCall? Call { get; set; }
}

/// <summary>How far a machine that waits has come.</summary>
internal enum Readiness
{
    /// <summary>Restored, never run: the cheapest to keep, the slowest to claim.</summary>
    Cold,

    /// <summary>The way of a claim was gone on a scratch disk, which is unmounted again: any disk can be attached.</summary>
    Rehearsed,

    /// <summary>Its own blank disk is mounted and a shell has run: only identity and script are missing.</summary>
    Mounted,
}
