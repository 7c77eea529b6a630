using Mags.Agent.Io;
using Mags.Agent.Native;
using Mags.Agent.Network;
using Mags.Agent.Processes;
using Mags.Agent.Sandbox;
using Mags.Agent.Service;

namespace Mags.Agent.Boot;

/// <summary>The first process of a machine: from the kernel's hand-over to the first session of the host.</summary>
internal static class Init
{
    private const string Image = "/dev/vda";

    private static readonly TimeSpan _diskLimit = TimeSpan.FromSeconds(30);

    /// <summary>Boots, and serves for ever. A failure is said on the console and ends the machine.</summary>
    public static async Task<int> RunAsync()
    {
        try
        {
            var time = TimeProvider.System;
            var network = BringUp(time);
            var port = AgentPort.Find(time);
            var loop = new IoLoop(time);
            var thread = new SandboxThread(SandboxStage.ScriptFolder, loop);
            var machine = new Machine(thread, network, loop, time);
            var launcher = new ProcessLauncher(thread, loop, time);
            GuestConsole.Say("ready");
            await AgentHost.RunAsync(new PortSource(port, loop), launcher, machine, time, CancellationToken.None);
        }
#pragma warning disable CA1031 // The edge of the program: the first process must not end, the kernel would panic.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            GuestConsole.Say("the machine cannot boot: " + fault.Message);
            GuestConsole.Say(fault.ToString());
            Power.Off();
        }

        return 1;
    }

    private static GuestInterface BringUp(TimeProvider time)
    {
        // These folders are in the initramfs; without /dev the runtime has no source of randomness.
        FileSystem.Mount("devtmpfs", "/dev", "devtmpfs", FileSystem.NoSetUserId);
        FileSystem.Mount("proc", "/proc", "proc", FileSystem.NoSetUserId);
        FileSystem.Mount("sysfs", "/sys", "sysfs", FileSystem.NoSetUserId);
        KernelSettings.Apply();
        KernelModules.Load();
        Loopback.Up();
        if (!DeviceEvents.WaitUntil(() => NativeMethods.Access(Image, 0) == 0, _diskLimit, time))
        {
            throw new IOException($"the image's disk {Image} did not come up in {_diskLimit.TotalSeconds} s");
        }

        FileSystem.Mount(Image, SandboxStage.Lower, "squashfs", FileSystem.ReadOnly);
        return GuestInterface.Find(time);
    }
}
