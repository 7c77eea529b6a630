using Mags.Agent.Native;

namespace Mags.Agent.Processes;

/// <summary>Watching and burying the agent's direct children.</summary>
/// <remarks>
/// Each child is watched and waited for by itself: the sandbox's orphans go to the sandbox's own first process, so there
/// is never another child to bury.
/// </remarks>
internal static unsafe class ChildProcess
{
    private const int NoHang = 1;
    private const int KillSignal = 9;

    /// <summary>A descriptor that becomes readable when the child ends.</summary>
    public static int OpenWatch(int pid) => NativeException.Check(
        (int)NativeMethods.SystemCall(SystemCallNumber.PidFdOpen, pid, 0, 0), "watch a process");

    /// <summary>The status of a child that has ended, as <c>waitpid</c> tells it; null while it runs.</summary>
    public static int? TakeStatus(int pid)
    {
        int status;
        return NativeMethods.WaitFor(pid, &status, NoHang) == pid ? status : null;
    }

    /// <summary>Ends a child at once, and waits until it is gone.</summary>
    public static void KillAndBury(int pid)
    {
        int status;
        _ = NativeMethods.Kill(-pid, KillSignal);
        _ = NativeMethods.WaitFor(pid, &status, 0);
    }
}
