using Mags.Cli.Native;

namespace Mags.Cli.Servers;

/// <summary>A server that we started. It outlives us; while we live we see it end.</summary>
internal sealed class DetachedProcess
{
    private const int SignalMask = 0x7f;
    private const int SignalBase = 128;

    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DetachedProcess(int pid)
    {
        Pid = pid;
        new Thread(Wait) { IsBackground = true, Name = "magsd exit" }.Start();
    }

    public int Pid { get; }

    /// <summary>Its exit code; 128 + n when signal n ended it.</summary>
    public Task<int> Ended => _ended.Task;

    private void Wait()
    {
        int status;
        while (Libc.WaitPid(Pid, out status, 0) < 0)
        {
            if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Libc.Interrupted)
            {
                return;
            }
        }

        var signal = status & SignalMask;
        _ended.SetResult(signal == 0 ? (status >> 8) & 0xff : SignalBase + signal);
    }
}
