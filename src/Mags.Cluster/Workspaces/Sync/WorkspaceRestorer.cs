using Mags.Cluster.Objects;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>
/// Brings a workspace from the object store to this node, whole: a guest that read it bit by bit over the network would be
/// slow for as long as it runs, and would stop when the store does.
/// </summary>
internal sealed partial class WorkspaceRestorer(
    SnapshotStore snapshots,
    SnapshotReader reader,
    StoredImages images,
    StoreGate gate,
    LayerFiles files,
    LayerDisks layerDisks,
    TimeProvider time,
    ILogger<WorkspaceRestorer> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Task> _running = [];

    /// <summary>Restores a workspace's snapshot as its layers. Any number may ask at once; it is done once.</summary>
    /// <exception cref="MachineException">It could not be brought here; nothing of it is lost.</exception>
    public Task RestoreAsync(WorkspaceRow workspace, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_running.TryGetValue(workspace.Id, out var running))
            {
                // Whoever asked first may give up; the others still want it.
                running = Task.Run(() => RunAsync(workspace), CancellationToken.None);
                _running[workspace.Id] = running;
            }

            return running.WaitAsync(cancellationToken);
        }
    }

    private async Task RunAsync(WorkspaceRow workspace)
    {
        try
        {
            await gate.OpenAsync(CancellationToken.None);
            await images.FetchAsync(workspace, CancellationToken.None);
            await RestoreAsync(workspace);
        }
        catch (ObjectStoreException exception)
        {
            var offer = exception.Fault == ObjectStoreFault.Damaged
                ? $" `mags workspace rollback {workspace.Name}` goes back to the snapshot before."
                : "";
            throw new MachineException(
                MachineFault.NoDisk,
                $"The workspace {workspace.Name} could not be brought from the object store: {exception.Message}.{offer}",
                exception);
        }
        finally
        {
            lock (_lock)
            {
                _ = _running.Remove(workspace.Id);
            }
        }
    }

    private async Task RestoreAsync(WorkspaceRow workspace)
    {
        var began = time.GetTimestamp();
        var snapshot = await reader.ReadAsync(workspace.SnapshotId!, CancellationToken.None);
        var (lowest, restored) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var isKnown = false;
        try
        {
            await files.AddEmptyAsync(lowest, snapshot.Subject.DiskGb, CancellationToken.None);
            await using (var disk = await layerDisks.OpenAsync(
                [files.PathOf(lowest)], files.PathOf(restored), snapshot.Subject.DiskGb, CancellationToken.None))
            {
                _ = await reader.RestoreAsync(snapshot.Id, new LayerDiskTarget(disk), CancellationToken.None);
                await disk.FinishAsync(CancellationToken.None);
            }

            var bytes = files.Flush(restored)!.Value;
            isKnown = await snapshots.SetRestoredAsync(
                workspace.Id,
                snapshot.Id,
                lowest,
                snapshot.Subject.DiskGb,
                restored,
                bytes,
                time.GetUtcNow(),
                CancellationToken.None);
            LogRestored(workspace.Name, snapshot.Id, bytes >> 20, time.GetElapsedTime(began).TotalMilliseconds);
        }
        finally
        {
            // What it was restored for may have been deleted meanwhile.
            if (!isKnown)
            {
                files.Remove(restored);
                files.Remove(lowest);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Workspace {Workspace} was restored from snapshot {Snapshot}: {Mib} MiB in {Milliseconds:0} ms")]
    private partial void LogRestored(string workspace, string snapshot, long mib, double milliseconds);
}
