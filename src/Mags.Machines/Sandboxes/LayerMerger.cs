using Mags.Machines.Disks;
using Mags.Machines.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Makes one layer of several. Guests wrote them, so that is done by a QEMU behind all walls of a machine, as a machine
/// whose guest never runs. The layers that are merged stay as they are.
/// </summary>
public sealed partial class LayerMerger
{
    // Half of what a sandbox may take in the long run: jobs come first.
    private const long BytesPerSecond = 100 << 20;

    private readonly MachineHost _host;
    private readonly ImageCatalog _images;
    private readonly MachinePlatform _platform;
    private readonly MachineRestorer _restorer;
    private readonly BlankDisks _blanks;
    private readonly LayerFiles _files;
    private readonly IOptions<MachinesOptions> _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LayerMerger> _logger;

    internal LayerMerger(
        MachineHost host,
        ImageCatalog images,
        MachinePlatform platform,
        MachineRestorer restorer,
        BlankDisks blanks,
        LayerFiles files,
        IOptions<MachinesOptions> options,
        TimeProvider time,
        ILogger<LayerMerger> logger)
    {
        (_host, _images, _platform, _restorer, _blanks) = (host, images, platform, restorer, blanks);
        (_files, _options, _time, _logger) = (files, options, time, logger);
    }

    /// <summary>Makes a layer that holds what several hold together.</summary>
    /// <param name="below">The layers that it will lie on, the lowest first; at least one.</param>
    /// <param name="merged">The layers that it takes the place of, the lowest first.</param>
    /// <param name="into">The new layer.</param>
    /// <param name="sizeGb">Size of the topmost of the merged ones in GiB.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">It could not be made; its file is not there then.</exception>
    public async Task MergeAsync(
        IReadOnlyList<Guid> below, IReadOnlyList<Guid> merged, Guid into, int sizeGb, CancellationToken cancellationToken)
    {
        await _host.WhenFirstReadyAsync(cancellationToken);
        var image = _images.Find(_options.Value.DefaultImage)
            ?? throw new MachineException(MachineFault.UnknownImage, "The default image is not there.");
        using var lease = await _platform.GetTemplateAsync(image, MachinePlatform.DefaultSize, cancellationToken);
        var blank = await _blanks.EnsureAsync(sizeGb, cancellationToken);
        var path = _files.PathOf(into);
        try
        {
            await using var machine = await _restorer.RestoreAsync(
                lease.Template, blank, new StepClock(_time), cancellationToken);
            machine.Qemu.SetBackground(true);
            var source = new MachineDisk([.. below.Concat(merged).Select(_files.PathOf)], path);
            using (var disk = WritableDisk.From(source, blank, path))
            {
                await machine.Qemu.CopyUpAsync(disk, below.Count - 1, BytesPerSecond, cancellationToken);
            }

            // What it has not written yet it writes when it quits.
            await machine.Qemu.QuitAsync(cancellationToken);
        }
        catch
        {
            _files.Remove(into);
            throw;
        }

        LogMerged(merged.Count, into);
    }

    [LoggerMessage(LogLevel.Debug, "{Count} layers were merged into {Layer}")]
    private partial void LogMerged(int count, Guid layer);
}
