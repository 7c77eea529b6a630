using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Walls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Qemu;

/// <summary>Starts QEMU processes behind the walls of this host, each as a user of its own when this process is root.</summary>
internal sealed partial class QemuLauncher(
    HostWalls walls,
    UidRange uids,
    IOptions<MachinesOptions> options,
    TimeProvider time,
    ILogger<QemuLauncher> logger)
{
    private readonly UidRange? _uids = LibC.GetEffectiveUserId() == 0 ? uids : null;
    private QemuProgram? _program;

    /// <summary>The installed QEMU, with the walls put up that it is started behind; both happen once.</summary>
    internal async Task<QemuProgram> PrepareAsync(CancellationToken cancellationToken)
    {
        _program ??= await QemuProgram.FindAsync(cancellationToken);
        await walls.PrepareAsync(_program, cancellationToken);
        return _program;
    }

    /// <summary>
    /// Starts QEMU and waits until its monitor answers. What it took is on the cleanup stack from the moment it exists.
    /// </summary>
    internal async Task<QemuProcess> StartAsync(
        MachineFolder folder, QemuSetup setup, CleanupStack cleanup, CancellationToken cancellationToken)
    {
        var program = await PrepareAsync(cancellationToken);
        var uid = _uids?.Take();
        if (uid is { } taken)
        {
            cleanup.Push("release user id", () => _uids!.Release(taken));
        }

        var limited = setup with
        {
            Throttle = DiskThrottle.Of(options.Value),
            // The other half is for all else that QEMU needs.
            TranslationMib = options.Value.HypervisorMemoryMib / 2,
        };
        var confinement = walls.Confine(folder.Id, limited, uid, cleanup);
        var qemu = QemuProcess.Start(program.Path, folder, limited, confinement, time);
        cleanup.Push("end QEMU", _ => qemu.DisposeAsync());
        LogStarted(folder.Id, qemu.Pid);
        await qemu.ConnectMonitorAsync(cancellationToken);
        return qemu;
    }

    [LoggerMessage(LogLevel.Debug, "Machine {MachineId}: QEMU started with pid {Pid}")]
    private partial void LogStarted(string machineId, int pid);
}
