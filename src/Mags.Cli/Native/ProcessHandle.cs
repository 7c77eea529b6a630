using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mags.Cli.Native;

/// <summary>A process that is not our child, held so that a reused process id cannot be mistaken for it.</summary>
internal sealed class ProcessHandle : IDisposable
{
    private readonly SafeFileHandle _pidFd;

    private ProcessHandle(SafeFileHandle pidFd) => _pidFd = pidFd;

    /// <summary>Null when there is no such process.</summary>
    public static ProcessHandle? Open(int pid)
    {
        var descriptor = Libc.PidFdOpen(pid);
        return descriptor < 0 ? null : new ProcessHandle(new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>Sends a signal. False when the process is gone.</summary>
    /// <exception cref="CliException">It belongs to another user.</exception>
    public bool Signal(int signal)
    {
        if (Libc.PidFdSendSignal((int)_pidFd.DangerousGetHandle(), signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Libc.NoSuchProcess
            ? false
            : throw new CliException($"cannot signal the server: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Waits until the process is gone. False when it still lives after the time-out.</summary>
    public Task<bool> WaitForExitAsync(TimeSpan timeout) => Task.Run(() =>
    {
        var ended = new Libc.PollDescriptor
        {
            Descriptor = (int)_pidFd.DangerousGetHandle(),
            Events = Libc.PollIn,
        };
        int result;
        do
        {
            result = Libc.Poll(ref ended, 1, (int)timeout.TotalMilliseconds);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted);

        return result > 0;
    });

    public void Dispose() => _pidFd.Dispose();
}
