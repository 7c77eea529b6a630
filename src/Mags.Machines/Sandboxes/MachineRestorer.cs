using Mags.Machines.Disks;
using Mags.Machines.Network;
using Mags.Machines.Qemu;
using Mags.Machines.Templates;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Sandboxes;

/// <summary>Restores templates: a new QEMU process with a private mapping of the guest's memory, loaded and stopped.</summary>
internal sealed class MachineRestorer(
    HomeFolders folders, QemuLauncher launcher, TimeProvider time, ILogger<MachineRestorer> logger)
{
    private const string DiskFile = "disk.qcow2";

    /// <summary>Restores a clone with an empty disk of its own.</summary>
    /// <exception cref="MachineException">QEMU did not start or load.</exception>
#pragma warning disable CA2000 // The cleanup stack owns all that is made here; the machine takes it over, or it runs.
    internal async Task<RestoredMachine> RestoreAsync(
        Template template, BlankDisk blank, StepClock steps, CancellationToken cancellationToken)
    {
        var folder = new MachineFolder(folders);
        var cleanup = new CleanupStack(folder.Id, time, logger);
        cleanup.Push("remove folder", folder.Dispose);
        try
        {
            using var disk = WritableDisk.Empty(blank, folder.PathOf(DiskFile));
            var wire = SocketPair.Make();
            cleanup.Push("close the wire", wire.Dispose);
            steps.Mark("files");
            var qemu = await StartAsync(folder, template, disk, wire.Guest, cleanup, cancellationToken);
            // QEMU alone has this end now: its end is seen at the other one.
            wire.Guest.Dispose();
            steps.Mark("qemu");
            using (var state = template.OpenState())
            {
                await qemu.LoadStateAsync(state, cancellationToken);
            }

            steps.Mark("load");
            return new RestoredMachine(folder, qemu, template, blank, wire.Host, cleanup);
        }
        catch
        {
            await cleanup.DisposeAsync();
            throw;
        }
    }
#pragma warning restore CA2000

    /// <summary>Gives a stopped machine another disk; the guest must have none mounted.</summary>
    internal static async Task ChangeDiskAsync(
        RestoredMachine machine, MachineDisk? source, BlankDisk blank, CancellationToken cancellationToken)
    {
        var path = machine.Folder.PathOf("other-" + DiskFile);
        using var disk = source is null ? WritableDisk.Empty(blank, path) : WritableDisk.From(source, blank, path);
        await machine.Qemu.ChangeDiskAsync(disk, cancellationToken);
        // The one it was rehearsed on is of no use any more.
        File.Delete(machine.Folder.PathOf(DiskFile));
    }

    private async Task<QemuProcess> StartAsync(
        MachineFolder folder,
        Template template,
        WritableDisk disk,
        SafeFileHandle wire,
        CleanupStack cleanup,
        CancellationToken cancellationToken)
    {
        using var image = File.OpenHandle(template.Recipe.ImagePath);
        var setup = new QemuSetup
        {
            Marker = folder.Marker,
            Accelerator = template.Recipe.Accelerator,
            Size = template.Recipe.Size,
            Memory = template.Memory,
            Image = image,
            Disk = disk,
            Network = wire,
        };
        return await launcher.StartAsync(folder, setup, cleanup, cancellationToken);
    }
}
