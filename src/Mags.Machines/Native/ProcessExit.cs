using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>How a child ended.</summary>
/// <param name="Code">Its exit code; 0 when a signal ended it.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
internal readonly record struct ProcessExit(int Code, int Signal)
{
    internal bool Success => Code == 0 && Signal == 0;

    /// <summary>Completes when the child has ended; it is reaped by then.</summary>
    internal static async Task<ProcessExit> OfAsync(SafeFileHandle pidfd)
    {
        await ReadableWatcher.Shared.WaitAsync(pidfd, CancellationToken.None);
        return Reap(pidfd);
    }

    public override string ToString() => Signal != 0 ? $"was killed by signal {Signal}" : $"ended with code {Code}";

    // Offsets into siginfo_t are those of 64-bit Linux: si_code at 8, si_status at 24.
    private static unsafe ProcessExit Reap(SafeFileHandle pidfd)
    {
        const int ByPidfd = 3, Exited = 4, CodeExited = 1;
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        if (LibC.WaitId(ByPidfd, (int)pidfd.DangerousGetHandle(), info, Exited) != 0)
        {
            // Not a child of ours, or the kernel reaps children here (SIGCHLD ignored): ended, nobody knows how.
            return default;
        }

        var code = *(int*)(info + 8);
        var status = *(int*)(info + 24);
        return code == CodeExited ? new ProcessExit(status, 0) : new ProcessExit(0, status);
    }
}
