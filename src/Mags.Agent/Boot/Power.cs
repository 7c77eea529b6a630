using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>Ends the machine, so that the host sees why.</summary>
internal static class Power
{
    private const int RestartCommand = 0x01234567;
    private const int PowerOffCommand = 0x4321FEDC;

    /// <summary>Resets the machine: the host sees a guest reset.</summary>
    public static void Restart()
    {
        NativeMethods.SyncAll();
        _ = NativeMethods.Reboot(RestartCommand);
    }

    /// <summary>Powers it off: the host sees a guest shutdown.</summary>
    public static void Off()
    {
        NativeMethods.SyncAll();
        _ = NativeMethods.Reboot(PowerOffCommand);
        // A machine without a power switch halts instead; a reset at least ends it.
        _ = NativeMethods.Reboot(RestartCommand);
    }
}
