using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>
/// The passts of all machines. They run while they are allowed, which is while the rules stand: no passt is started before
/// these, and all that run are ended at once when these are gone.
/// </summary>
internal sealed partial class MachinePassts(TimeProvider time, ILogger logger)
{
    // A passt ends with its QEMU, whose end may be seen a little later.
    private static readonly TimeSpan _endsWithin = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<PasstProcess> _running = [];
    private NetworkGround? _ground;

    /// <summary>Lets passts be started from now on; those that run go on.</summary>
    internal void Allow(NetworkGround ground)
    {
        lock (_lock)
        {
            _ground = ground;
        }
    }

    /// <summary>Ends all there are, and lets none be started.</summary>
    internal void Forbid()
    {
        lock (_lock)
        {
            _ground = null;
            foreach (var passt in _running)
            {
                passt.Kill();
            }
        }
    }

    /// <summary>Starts that of a machine.</summary>
    /// <returns>Null while none is allowed.</returns>
    internal PasstProcess? Start(RestoredMachine machine, SafeFileHandle end, IpFamilies families)
    {
        // Under the lock: whoever forbids ends this one too, or it is not started.
        lock (_lock)
        {
            if (_ground is not { } ground)
            {
                return null;
            }

            var passt = PasstProcess.Start(
                ground.Confine(machine.Qemu.Confinement), ground.Passt, end, families, error: null);
            _ = _running.Add(passt);
            _ = WatchAsync(machine, passt);
            return passt;
        }
    }

    private async Task WatchAsync(RestoredMachine machine, PasstProcess passt)
    {
        var exit = await passt.Exited;
        lock (_lock)
        {
            _ = _running.Remove(passt);
        }

        var qemu = machine.Qemu.Exited;
        if (!passt.IsKilled && await Task.WhenAny(qemu, Task.Delay(_endsWithin, time)) != qemu)
        {
            LogPasstEnded(machine.Folder.Id, exit);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId}: its passt {Exit}; the job goes on without a network")]
    private partial void LogPasstEnded(string machineId, ProcessExit exit);
}
