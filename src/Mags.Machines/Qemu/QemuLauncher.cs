using Mags.Machines.Acceleration;
using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Qemu;

/// <summary>Starts QEMU processes, each as a user of its own when this process is root.</summary>
internal sealed partial class QemuLauncher(HomeFolders folders, TimeProvider time, ILogger<QemuLauncher> logger)
{
    private readonly UidRange? _uids = LibC.GetEffectiveUserId() == 0 ? new UidRange(folders.Home) : null;
    private QemuProgram? _program;

    /// <summary>The installed QEMU; it is looked for once.</summary>
    internal async Task<QemuProgram> FindAsync(CancellationToken cancellationToken) =>
        _program ??= await QemuProgram.FindAsync(cancellationToken);

    /// <summary>
    /// Starts QEMU and waits until its monitor answers. What it took is on the cleanup stack from the moment it exists.
    /// </summary>
    internal async Task<QemuProcess> StartAsync(
        MachineFolder folder, QemuSetup setup, CleanupStack cleanup, CancellationToken cancellationToken)
    {
        var program = await FindAsync(cancellationToken);
        var uid = _uids?.Take();
        if (uid is { } taken)
        {
            cleanup.Push("release user id", () => _uids!.Release(taken));
        }

        var group = setup.Accelerator == AcceleratorKind.Kvm ? KvmDevice.Group : null;
        var qemu = QemuProcess.Start(program.Path, folder, setup, uid, group, time);
        cleanup.Push("end QEMU", _ => qemu.DisposeAsync());
        LogStarted(folder.Id, qemu.Pid);
        await qemu.ConnectMonitorAsync(cancellationToken);
        return qemu;
    }

    [LoggerMessage(LogLevel.Debug, "Machine {MachineId}: QEMU started with pid {Pid}")]
    private partial void LogStarted(string machineId, int pid);
}
