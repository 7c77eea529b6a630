using System.Globalization;
using Mags.Agent.Boot;
using Mags.Agent.Io;
using Mags.Agent.Processes;

namespace Mags.Agent.Sandbox;

/// <summary>Ends the machine when the sandbox's first process ends, which only the kernel can bring about.</summary>
/// <remarks>The kernel tells a reboot call in a pid namespace by the signal it ends that process with; see reboot(2).</remarks>
internal sealed class SandboxWatch : IReadyHandler
{
    private const int RestartSignal = 1;

    private readonly int _initProcessId;

    public SandboxWatch(int initProcessId, IoLoop loop)
    {
        _initProcessId = initProcessId;
        loop.Add(ChildProcess.OpenWatch(initProcessId), IoEvents.Readable, this);
    }

    /// <summary>Whether that process is on its way out: it takes all others with it before it is gone itself.</summary>
    /// <remarks>The ninth field of /proc/PID/stat; the name before it may hold spaces and parentheses. See proc(5).</remarks>
    public bool IsInitExiting
    {
        get
        {
            const int flags = 6;
            const ulong exiting = 0x4;
            var stat = File.ReadAllText($"/proc/{_initProcessId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (ulong.Parse(fields[flags], CultureInfo.InvariantCulture) & exiting) != 0;
        }
    }

    public void OnReady(IoEvents events)
    {
        if (ChildProcess.TakeStatus(_initProcessId) is not { } status)
        {
            return;
        }

        if ((status & 0x7F) == RestartSignal)
        {
            Power.Restart();
        }
        else
        {
            GuestConsole.Say($"the sandbox was ended with status {status}; powering off");
            Power.Off();
        }
    }
}
