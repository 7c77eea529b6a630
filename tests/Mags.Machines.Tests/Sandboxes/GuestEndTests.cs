using Mags.Machines.Native;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Tests.Sandboxes;

public sealed class GuestEndTests
{
    private const string Panic =
        "[    2.1] Kernel panic - not syncing: sysrq triggered crash\r\n[    2.1] CPU: 0 PID: 1\r\n";

    [Theory]
    [InlineData("guest-reset", "", MachineExitCause.GuestReboot)]
    [InlineData("guest-reset", "reboot: Restarting system\n", MachineExitCause.GuestReboot)]
    [InlineData("guest-reset", Panic, MachineExitCause.GuestPanic)]
    [InlineData("guest-panic", "", MachineExitCause.GuestPanic)]
    [InlineData("guest-shutdown", Panic, MachineExitCause.GuestPowerOff)]
    [InlineData("host-disk-full", "", MachineExitCause.HostDiskFull)]
    [InlineData("host-signal", "", MachineExitCause.HypervisorGone)]
    public void Of_ReasonAndConsole_GiveTheCause(string reason, string console, MachineExitCause cause) =>
        Assert.Equal(cause, GuestEnd.Of(reason, console).Cause);

    [Fact]
    public void Of_Panic_SaysWhy() =>
        Assert.Equal("The guest's kernel panicked: sysrq triggered crash", GuestEnd.Of("guest-reset", Panic).Message);

    [Fact]
    public void Of_TextOfAGuestOrItsHypervisor_IsOneShortLine()
    {
        var text = "\u001b[31m" + new string('x', 100_000) + "\t\u0007";

        foreach (var end in new[] { GuestEnd.Of("guest-panic", "Kernel panic - not syncing: " + text), GuestEnd.Of(text, "") })
        {
            Assert.InRange(end.Message.Length, 1, 1000);
            Assert.DoesNotContain(end.Message, char.IsControl);
        }
    }

    [Theory]
    [InlineData(0, 9, "", "The machine's QEMU was killed by signal 9.")]
    [InlineData(1, 0, "qemu: bad", "The machine's QEMU ended with code 1: qemu: bad")]
    public void OfHypervisor_Exit_NamesIt(int code, int signal, string lastError, string message) =>
        Assert.Equal(
            new MachineExit(MachineExitCause.HypervisorGone, message),
            GuestEnd.OfHypervisor(new ProcessExit(code, signal), lastError, null));

    [Fact]
    public void OfHypervisor_MemoryExceeded_NamesTheLimit() =>
        Assert.Equal(
            new MachineExit(
                MachineExitCause.OutOfMemory,
                "The sandbox used more memory than the 1024 MiB that its machine may have in all."),
            GuestEnd.OfHypervisor(new ProcessExit(0, 9), "", 1L << 30));
}
