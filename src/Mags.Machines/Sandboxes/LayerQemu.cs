using Mags.Machines.Disks;
using Mags.Machines.Images;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Starts QEMUs that read and write layers. Guests wrote those, so that is done behind all walls of a machine, as a machine
/// whose guest never runs: the host itself never looks into them.
/// </summary>
internal sealed class LayerQemu(
    MachineHost host,
    ImageCatalog images,
    MachinePlatform platform,
    MachineRestorer restorer,
    IOptions<MachinesOptions> options,
    TimeProvider time)
{
    /// <summary>Starts one, behind machines that somebody waits for.</summary>
    /// <param name="blank">The blank of the disk's size.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">It did not start.</exception>
    internal async Task<RestoredMachine> StartAsync(BlankDisk blank, CancellationToken cancellationToken)
    {
        await host.WhenFirstReadyAsync(cancellationToken);
        var image = images.Find(options.Value.DefaultImage)
            ?? throw new MachineException(MachineFault.UnknownImage, "The default image is not there.");
        // Its memory is mapped from the template, which may go once it is.
        using var lease = await platform.GetTemplateAsync(image, MachinePlatform.DefaultSize, cancellationToken);
        var machine = await restorer.RestoreAsync(lease.Template, blank, new StepClock(time), cancellationToken);
        machine.Qemu.SetBackground(true);
        return machine;
    }
}
