using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>How the guest's kernel is set for a sandbox's life. A kernel that lacks a setting goes without it.</summary>
internal static unsafe class KernelSettings
{
    public static void Apply()
    {
        // Mounts and freezes wait for grace periods; expedited ones are worth more here than their processor time.
        FileSystem.TryWrite("/sys/kernel/rcu_expedited", "1");

        // When memory runs out, programs' pages are read again and again, for minutes, before the kernel ends anything.
        // With a working set that is protected for a second, it ends the greedy process at once.
        FileSystem.TryWrite("/sys/kernel/mm/lru_gen/enabled", "y");
        FileSystem.TryWrite("/sys/kernel/mm/lru_gen/min_ttl_ms", "1000");

        // A list of all processes for each one that is ended would itself take seconds where thousands run.
        FileSystem.TryWrite("/proc/sys/vm/oom_dump_tasks", "0");
        RaiseFileLimit();
    }

    /// <summary>Every process inherits it; the kernel's own 1,024 is too little for today's programs.</summary>
    private static void RaiseFileLimit()
    {
        const int openFiles = 7;
        const ulong soft = 65_536;
        const ulong hard = 1_048_576;
        var limits = stackalloc ulong[] { soft, hard };
        _ = NativeMethods.SetLimit(openFiles, limits);
    }
}
