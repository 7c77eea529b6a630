using Mags.Machines.Disks;
using Mags.Machines.Qemu;

namespace Mags.Machines.Sandboxes;

/// <summary>Opens layers for the host, which reads and writes what a guest sees in them.</summary>
public sealed class LayerDisks
{
    private readonly LayerQemu _qemu;
    private readonly BlankDisks _blanks;
    private readonly TimeProvider _time;

    internal LayerDisks(LayerQemu qemu, BlankDisks blanks, TimeProvider time) =>
        (_qemu, _blanks, _time) = (qemu, blanks, time);

    /// <summary>Opens layers. They are only read, and stay as they are.</summary>
    /// <param name="layers">Files of the layers, the lowest first; at least one. Nobody may write to them.</param>
    /// <param name="writeTo">
    /// Where a new layer above them is made, which takes what is written; nothing may be there. Null to read only.
    /// </param>
    /// <param name="sizeGb">Size of the disk in GiB: that of the topmost layer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">They could not be opened; nothing is made then.</exception>
#pragma warning disable CA2000 // What is opened takes the machine over, and its client; both end here when it is not.
    public async Task<LayerDisk> OpenAsync(
        IReadOnlyList<string> layers, string? writeTo, int sizeGb, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(layers.Count);
        if (File.Exists(writeTo))
        {
            throw new MachineException(MachineFault.NoDisk, $"There is a layer at {writeTo} already.");
        }

        var blank = await _blanks.EnsureAsync(sizeGb, cancellationToken);
        var machine = await _qemu.StartAsync(blank, cancellationToken);
        try
        {
            return await OpenAsync(machine, blank, layers, writeTo, cancellationToken);
        }
        catch
        {
            await machine.DisposeAsync();
            if (writeTo is not null)
            {
                File.Delete(writeTo);
            }

            throw;
        }
    }

    private async Task<LayerDisk> OpenAsync(
        RestoredMachine machine,
        BlankDisk blank,
        IReadOnlyList<string> layers,
        string? writeTo,
        CancellationToken cancellationToken)
    {
        var files = LayerFile.ForReading(layers);
        LayerFile? top = null;
        try
        {
            top = writeTo is null ? null : LayerFile.Make(blank, writeTo);
            var nbd = await LayerExport.StartAsync(machine, files, top, _time, cancellationToken);
            if (nbd.Export.Size != blank.SizeBytes)
            {
                await nbd.DisposeAsync();
                throw new MachineException(
                    MachineFault.NoDisk, $"The layer {layers[^1]} has {nbd.Export.Size} bytes, not {blank.SizeBytes}.");
            }

            return new LayerDisk(machine, nbd, layers.Count, writeTo);
        }
        finally
        {
            top?.Dispose();
            foreach (var file in files)
            {
                file.Dispose();
            }
        }
    }
#pragma warning restore CA2000
}
