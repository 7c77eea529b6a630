using System.Threading.Channels;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// Keeps the chains of workspaces short, one after the other in the background: layers are merged into a new one, which
/// then takes their place for all who start from them, and below a guest that runs. Nobody waits for it, and what fails is
/// tried after the next run.
/// </summary>
internal sealed partial class LayerShortener(
    LayerStore layers,
    LayerFiles files,
    LayerMerger merger,
    HeldLayers held,
    LiveDisks live,
    IOptions<WorkspaceOptions> options,
    ILogger<LayerShortener> logger) : BackgroundService
{
    private readonly Channel<Guid> _grown = Channel.CreateUnbounded<Guid>();

    /// <summary>A workspace has got another layer, or is synced: its chain may be made shorter.</summary>
    public void NoteGrown(Guid workspace) => _grown.Writer.TryWrite(workspace);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var workspace in _grown.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await ShortenAsync(workspace, stoppingToken);
                }
#pragma warning disable CA1031 // The edge of a background loop: a long chain is slower, and works.
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    LogFailed(workspace, exception);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; a half-made layer has no row and goes.
        }
    }

    private async Task ShortenAsync(Guid workspace, CancellationToken cancellationToken)
    {
        if (await layers.PlanMergeAsync(workspace, options.Value.MaxLayers, cancellationToken) is not { } plan)
        {
            return;
        }

        var into = Guid.CreateVersion7();
        await merger.MergeAsync(plan.Below, plan.Merged, into, plan.DiskGb, cancellationToken);
        if (files.Flush(into) is { } bytes)
        {
            _ = await held.RemoveAsync(
                () => layers.ReplaceAsync(plan, into, bytes, CancellationToken.None), old => old, CancellationToken.None);
            await live.UseAsync(
                workspace, (disk, machine) => RebaseAsync(workspace, disk, machine), CancellationToken.None);
            LogShortened(workspace, plan.Merged.Count);
        }
    }

    /// <summary>Has a guest that runs read the merged layer, and lets go of those it was made of.</summary>
    private async Task RebaseAsync(Guid workspace, JobDisk disk, IMachine machine)
    {
        if (await layers.ListOpenAsync(workspace, CancellationToken.None) is not [var open])
        {
            return;
        }

        var below = await held.PinAsync(
            () => layers.ListBelowAsync(open, CancellationToken.None), chain => chain, CancellationToken.None);
        try
        {
            await machine.ReplaceLayersAsync([.. below.Select(files.PathOf)], CancellationToken.None);
        }
        catch
        {
            held.Unpin(below);
            throw;
        }

        held.Unpin(disk.Pinned);
        disk.Pinned = below;
    }

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace}: {Count} layers became one")]
    private partial void LogShortened(Guid workspace, int count);

    [LoggerMessage(LogLevel.Warning, "The layers of workspace {Workspace} could not be merged; tried again after its next run")]
    private partial void LogFailed(Guid workspace, Exception exception);
}
