using Mags.Machines.Agent;
using Mags.Machines.Qemu;

namespace Mags.Machines.Sandboxes;

/// <summary>Turns what QEMU and the guest's console say of an end into <see cref="MachineExit"/>.</summary>
internal static class GuestEnd
{
    private const string PanicMark = "Kernel panic - not syncing: ";

    /// <summary>The end behind QEMU's shutdown reason (QMP's ShutdownCause).</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="console">The last output of the guest's console: a panicked kernel resets like a rebooted one.</param>
    internal static MachineExit Of(string reason, string console) => reason switch
    {
        "guest-reset" when PanicOf(console) is { } panic =>
            new(MachineExitCause.GuestPanic, $"The guest's kernel panicked: {panic}"),
        "guest-reset" or "subsystem-reset" =>
            new(MachineExitCause.GuestReboot, "The guest rebooted; a sandbox ends when its kernel does."),
        "guest-shutdown" =>
            new(MachineExitCause.GuestPowerOff, "The guest powered itself off."),
        "guest-panic" =>
            new(MachineExitCause.GuestPanic, $"The guest's kernel panicked: {PanicOf(console) ?? "it did not say why"}"),
        QemuProcess.NoRoom =>
            new(MachineExitCause.HostDiskFull, "The server's disk is full: it has no room for what the sandbox wrote."),
        _ => new(MachineExitCause.HypervisorGone, $"QEMU ended the machine ({GuestWord.Text(reason)})."),
    };

    /// <summary>The end of a machine whose QEMU ended without a word of the guest.</summary>
    /// <param name="exit">How the process ended.</param>
    /// <param name="lastError">What it said last.</param>
    /// <param name="exceededMemory">The limit in bytes that it was ended for; null when it was not.</param>
    internal static MachineExit OfHypervisor(Native.ProcessExit exit, string lastError, long? exceededMemory) =>
        exceededMemory is { } limit
            ? new(
                MachineExitCause.OutOfMemory,
                $"The sandbox used more memory than the {limit >> 20} MiB that its machine may have in all.")
            : new(
                MachineExitCause.HypervisorGone,
                lastError.Length > 0 ? $"The machine's QEMU {exit}: {lastError}" : $"The machine's QEMU {exit}.");

    private static string? PanicOf(string console)
    {
        var start = console.LastIndexOf(PanicMark, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var rest = console[(start + PanicMark.Length)..];
        return GuestWord.Text(rest.Split('\n', 2)[0]);
    }
}
