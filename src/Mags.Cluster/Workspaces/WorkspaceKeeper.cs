using Mags.Data;
using Mags.Data.Workspaces;
using Mags.Machines;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// Makes room on this node: workspaces that are whole in the object store are removed while the disk is short, and local
/// ones that nobody used for long, where that is set. One that is not in the store is never removed for room.
/// </summary>
internal sealed partial class WorkspaceKeeper(
    WorkspaceRemoval removal,
    WorkspaceStore workspaces,
    SnapshotStore snapshots,
    IOptions<WorkspaceOptions> options,
    IOptions<MachinesOptions> machines,
    TimeProvider time,
    ILogger<WorkspaceKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, time);
        try
        {
            do
            {
                try
                {
                    await EvictAsync(stoppingToken);
                    await DeleteIdleAsync(stoppingToken);
                }
                catch (Exception exception) when (exception is DatabaseException or IOException)
                {
                    LogFailed(exception);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task EvictAsync(CancellationToken cancellationToken)
    {
        if (!IsShort())
        {
            return;
        }

        foreach (var workspace in await snapshots.ListEvictableAsync(cancellationToken))
        {
            if (!IsShort())
            {
                return;
            }

            if (await removal.EvictAsync(workspace.Id, cancellationToken))
            {
                LogEvicted(workspace.Name, workspace.Bytes >> 20);
            }
        }
    }

    private bool IsShort() =>
        new DriveInfo(machines.Value.Home).AvailableFreeSpace >> 20 < options.Value.EvictBelowMib;

    private async Task DeleteIdleAsync(CancellationToken cancellationToken)
    {
        if (options.Value.LocalIdleMinutes is not > 0)
        {
            return;
        }

        var before = time.GetUtcNow() - TimeSpan.FromMinutes(options.Value.LocalIdleMinutes);
        foreach (var workspace in await workspaces.ListIdleAsync(before, cancellationToken))
        {
            var deletion = await removal.DeleteAsync(workspace.UserId, workspace.Name, cancellationToken);
            if (deletion is { Found: true, ActiveJobs: 0 })
            {
                LogDeleted(workspace.Name, workspace.LastUsedAt);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace} ({Mib} MiB) is removed from this node to make room; the object store has it")]
    private partial void LogEvicted(string workspace, long mib);

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace}, unused since {LastUsed}, is deleted")]
    private partial void LogDeleted(string workspace, DateTimeOffset lastUsed);

    [LoggerMessage(LogLevel.Warning, "No room could be made on this node; tried again")]
    private partial void LogFailed(Exception exception);
}
