using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>
/// Makes workspaces of raw images. What is in one is a stranger's: it is written byte by byte into a new layer, by a QEMU
/// behind all walls of a machine, and first looked at by a guest's kernel.
/// </summary>
public sealed partial class WorkspaceImports
{
    private const long BytesPerGib = 1L << 30;

    private readonly WorkspaceStore _workspaces;
    private readonly LayerFiles _files;
    private readonly LayerDisks _layerDisks;
    private readonly TimeProvider _time;
    private readonly ILogger<WorkspaceImports> _logger;

    internal WorkspaceImports(
        WorkspaceStore workspaces,
        LayerFiles files,
        LayerDisks layerDisks,
        TimeProvider time,
        ILogger<WorkspaceImports> logger) =>
        (_workspaces, _files, _layerDisks, _time, _logger) = (workspaces, files, layerDisks, time, logger);

    /// <summary>Makes a workspace. However this ends, a file is left only if there is a workspace that has it.</summary>
    /// <param name="wish">The workspace.</param>
    /// <param name="image">The raw image, from its beginning on.</param>
    /// <param name="beforeEach">Called now and then with how many bytes were read; it throws to give up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">It could not be written.</exception>
    public async Task<ImportOutcome> ImportAsync(
        ImportWish wish, Stream image, Action<long> beforeEach, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        var began = _time.GetTimestamp();
        var (lowest, layer) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var isKnown = false;
        try
        {
            await _files.AddEmptyAsync(lowest, wish.DiskGb, cancellationToken);
            var length = await WriteAsync(wish, lowest, layer, image, beforeEach, cancellationToken);
            if (length != wish.DiskGb * BytesPerGib)
            {
                return new ImportOutcome(length, null);
            }

            var bytes = _files.Flush(layer)!.Value;
            var refusal = await _workspaces.ImportAsync(
                wish.UserId,
                wish.Name,
                new ImportedDisk(lowest, layer, wish.DiskGb, bytes, wish.Image, wish.ImageDigest),
                _time.GetUtcNow(),
                CancellationToken.None);
            isKnown = refusal is null;
            if (isKnown)
            {
                LogImported(wish.Name, bytes >> 20, _time.GetElapsedTime(began).TotalMilliseconds);
            }

            return new ImportOutcome(length, refusal);
        }
        finally
        {
            if (!isKnown)
            {
                _files.Remove(layer);
                _files.Remove(lowest);
            }
        }
    }

    /// <returns>How many bytes the image has; the layer is complete when that is the disk's size.</returns>
    private async Task<long> WriteAsync(
        ImportWish wish,
        Guid lowest,
        Guid layer,
        Stream image,
        Action<long> beforeEach,
        CancellationToken cancellationToken)
    {
        await using var disk = await _layerDisks.OpenAsync(
            [_files.PathOf(lowest)], _files.PathOf(layer), wish.DiskGb, cancellationToken);
        var occupied = await disk.ListAsync(above: -1, cancellationToken)
            .Where(extent => !extent.IsZero).ToListAsync(cancellationToken);
        var length = await new RawDiskWriter(occupied, disk.WriteAsync, disk.ZeroAsync)
            .WriteAsync(image, disk.SizeBytes, beforeEach, cancellationToken);
        if (length == disk.SizeBytes)
        {
            await disk.FinishAsync(cancellationToken);
        }

        return length;
    }

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace} was imported: {Mib} MiB in {Milliseconds:0} ms")]
    private partial void LogImported(string workspace, long mib, double milliseconds);
}

/// <summary>A workspace that is to be made of a raw image.</summary>
/// <param name="UserId">Whose it will be.</param>
/// <param name="Name">Its name.</param>
/// <param name="Image">Name of the image that it lies over.</param>
/// <param name="ImageDigest">Digest of that image.</param>
/// <param name="DiskGb">How many GiB the raw image has to have.</param>
public sealed record ImportWish(Guid UserId, string Name, string Image, string ImageDigest, int DiskGb);

/// <summary>What became of an import.</summary>
/// <param name="Bytes">How many bytes the raw image had, or more than it may have; it was not taken when not the size told.</param>
/// <param name="Refusal">Why the workspace was not made; null when it was.</param>
public sealed record ImportOutcome(long Bytes, WorkspaceRefusal? Refusal);
