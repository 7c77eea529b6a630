using Mags.Data.Workspaces;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// Keeps the chains of workspaces short, one after the other in the background: layers are merged into a new one, which
/// then takes their place for all who start from them. Nobody waits for it, and what fails is tried after the next run.
/// </summary>
internal sealed partial class LayerShortener(
    LayerStore layers,
    LayerFiles files,
    LayerMerger merger,
    WorkspaceDisks disks,
    IOptions<WorkspaceOptions> options,
    ILogger<LayerShortener> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var workspace in disks.Grown.ReadAllAsync(stoppingToken))
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
            await disks.ReplaceAsync(workspace, plan, into, bytes, CancellationToken.None);
            LogShortened(workspace, plan.Merged.Count);
        }
    }

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace}: {Count} layers became one")]
    private partial void LogShortened(Guid workspace, int count);

    [LoggerMessage(LogLevel.Warning, "The layers of workspace {Workspace} could not be merged; tried again after its next run")]
    private partial void LogFailed(Guid workspace, Exception exception);
}
