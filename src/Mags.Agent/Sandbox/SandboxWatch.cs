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
