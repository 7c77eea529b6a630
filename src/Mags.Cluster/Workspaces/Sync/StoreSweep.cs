using Mags.Cluster.Objects;
using Mags.Data.Workspaces;
using Mags.Storage.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>Has the object store swept of what no workspace needs any more, now and then.</summary>
internal sealed partial class StoreSweep(
    StoreSweeper sweeper,
    StoreGate gate,
    StoredImages images,
    WorkspaceStore workspaces,
    SnapshotStore snapshots,
    IOptions<WorkspaceOptions> options,
    TimeProvider time,
    ILogger<StoreSweep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.SweepSeconds), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await SweepAsync(stoppingToken);
                }
#pragma warning disable CA1031 // The edge of a background loop: what is left is swept the next time.
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    LogFailed(exception);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        await gate.OpenAsync(cancellationToken);
        var wish = new SweepWish
        {
            Writer = await snapshots.GetDatabaseIdAsync(cancellationToken),
            IsAlive = (head, token) => head.WorkspaceId is { } id
                ? snapshots.IsPersistentAsync(id, token)
                : workspaces.IsStoredAsync(head.User, head.Workspace, token),
            Snapshots = await snapshots.ListSnapshotsAsync(cancellationToken),
            // A first sync that is under way counts on one that no head names yet.
            Images = [.. (await snapshots.ListImagesAsync(cancellationToken)).Select(StoredImages.Plain)],
        };
        var result = await sweeper.SweepAsync(wish, cancellationToken);
        images.Forget();
        LogSwept(result.ObjectsDeleted, result.BytesDeleted >> 20, result.Waiting);
        gate.NoteSweep(result.Fault);
        if (result.Fault is { } fault)
        {
            LogFault(fault);
        }
    }

    [LoggerMessage(LogLevel.Information, "The object store was swept: {Objects} objects ({Mib} MiB) deleted, {Waiting} wait for their time")]
    private partial void LogSwept(int objects, long mib, int waiting);

    [LoggerMessage(LogLevel.Error, "The sweep of the object store could not see what is needed, and deleted nothing of that kind: {Fault}")]
    private partial void LogFault(string fault);

    [LoggerMessage(LogLevel.Warning, "The object store could not be swept; tried again")]
    private partial void LogFailed(Exception exception);
}
