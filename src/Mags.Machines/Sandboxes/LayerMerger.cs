using Mags.Machines.Disks;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Makes one layer of several. Guests wrote them, so that is done by a QEMU behind all walls of a machine, as a machine
/// whose guest never runs. The layers that are merged stay as they are.
/// </summary>
public sealed partial class LayerMerger
{
    // Half of what a sandbox may take in the long run: jobs come first.
    private const long BytesPerSecond = 100 << 20;

    private readonly LayerQemu _qemu;
    private readonly BlankDisks _blanks;
    private readonly LayerFiles _files;
    private readonly ILogger<LayerMerger> _logger;

    internal LayerMerger(LayerQemu qemu, BlankDisks blanks, LayerFiles files, ILogger<LayerMerger> logger) =>
        (_qemu, _blanks, _files, _logger) = (qemu, blanks, files, logger);

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
        var blank = await _blanks.EnsureAsync(sizeGb, cancellationToken);
        var path = _files.PathOf(into);
        try
        {
            await using var machine = await _qemu.StartAsync(blank, cancellationToken);
            // QEMU need not flush it: whoever keeps the file does, which may take longer than an answer of QEMU's.
            var source = new MachineDisk([.. below.Concat(merged).Select(_files.PathOf)], KeepAt: null);
            using (var disk = WritableDisk.From(source, blank, path))
            {
                await machine.Qemu.CopyUpAsync(disk, below.Count - 1, BytesPerSecond, cancellationToken);
            }

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
