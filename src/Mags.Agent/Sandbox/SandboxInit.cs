using System.Text;
using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>The process that the sandbox sees as number 1: it inherits orphans, and nothing ends it.</summary>
/// <remarks>
/// Every signal is ignored: those without a handler cannot reach the first process of a pid namespace from inside, and
/// an ignored SIGCHLD has the kernel itself bury the orphans. When the kernel ends this process, for a reboot call in
/// the sandbox, the agent does to the machine what was asked.
/// </remarks>
internal static class SandboxInit
{
    public const string Command = "sandbox-init";

    private const string ProcessFolder = "/proc";
    private const int LastSignal = 64;
    private const nint Ignore = 1;

    public static int Run()
    {
        for (var signal = 1; signal <= LastSignal; signal++)
        {
            // Refused for SIGKILL and SIGSTOP, which need no care here.
            _ = NativeMethods.SetSignalHandler(signal, Ignore);
        }

        SpareFromMemoryShortage();
        MountOwnProcesses();
        while (true)
        {
            _ = NativeMethods.Pause();
        }
    }

    /// <summary>Mounts /proc, which shows the processes of whoever mounts it, and tells the agent that it is there.</summary>
    private static unsafe void MountOwnProcesses()
    {
        const int setName = 15;
        const int standardOutput = 1;
        fixed (byte* name = "init\0"u8)
        {
            _ = NativeMethods.ControlProcess(setName, (nint)name, 0, 0, 0);
        }

        FileSystem.Unmount(ProcessFolder);
        FileSystem.Mount("proc", ProcessFolder, "proc", FileSystem.Safe);
        FileDescriptor.WriteAll(standardOutput, "\n"u8, "tell the agent");
        _ = NativeMethods.Duplicate(0, standardOutput);
    }

    private static void SpareFromMemoryShortage()
    {
        var file = NativeMethods.Open("/proc/self/oom_score_adj", FileDescriptor.WriteOnly | FileDescriptor.CloseOnExec, 0);
        _ = FileDescriptor.Write(file, Encoding.ASCII.GetBytes("-1000"));
        FileDescriptor.Close(file);
    }
}
