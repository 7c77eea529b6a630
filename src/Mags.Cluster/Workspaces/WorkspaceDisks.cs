using System.Threading.Channels;
using Mags.Cluster.Workspaces.Sync;
using Mags.Data;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// The disks of workspaces on this node. Each run of a job writes a layer of its own, over sealed ones that nobody writes
/// to any more; its end seals it. The row of a layer is written before its file is made and goes after it, so a file
/// without a row is garbage, and a workspace never names a file that is not there.
/// </summary>
public sealed partial class WorkspaceDisks : IDisposable
{
    private readonly WorkspaceStore _workspaces;
    private readonly LayerStore _layers;
    private readonly SnapshotStore _snapshots;
    private readonly LayerFiles _files;
    private readonly LiveDisks _live;
    private readonly WorkspaceRestorer _restorer;
    private readonly ILogger<WorkspaceDisks> _logger;
    private readonly LayerPins _pins = new();
    private readonly Channel<Guid> _grown = Channel.CreateUnbounded<Guid>();

    // Between reading which layers there are and pinning them none may go.
    private readonly SemaphoreSlim _turn = new(1);

    internal WorkspaceDisks(
        WorkspaceStore workspaces,
        LayerStore layers,
        SnapshotStore snapshots,
        LayerFiles files,
        LiveDisks live,
        WorkspaceRestorer restorer,
        ILogger<WorkspaceDisks> logger)
    {
        (_workspaces, _layers, _snapshots) = (workspaces, layers, snapshots);
        (_files, _live, _restorer, _logger) = (files, live, restorer, logger);
    }

    /// <summary>Workspaces that have got another layer.</summary>
    internal ChannelReader<Guid> Grown => _grown.Reader;

    /// <summary>Makes ready what a job's machine starts from.</summary>
    /// <exception cref="MachineException">Its base or workspace is gone.</exception>
    internal async Task<JobDisk> OpenAsync(JobRow job, CancellationToken cancellationToken) =>
        (WorkspaceRow.NameOf(job), job.BaseWorkspaceId) switch
        {
            ({ } name, _) => await OpenOwnAsync(job, name, cancellationToken),
            (null, { } name) => await OpenBaseAsync(job, name, cancellationToken),
            _ => JobDisk.Empty,
        };

    /// <summary>The job has a machine, and a new workspace belongs to that one's image from now on.</summary>
    /// <returns>Whether it is one that belonged to none.</returns>
    internal async Task<bool> BindAsync(JobDisk disk, IMachine machine, CancellationToken cancellationToken)
    {
        if (disk.Unbound is { } workspace)
        {
            await _workspaces.SetImageAsync(workspace, machine.ImageDigest, cancellationToken);
        }

        if (disk.Kept is not null)
        {
            _live.Add(disk, machine);
        }

        return disk.Unbound is not null;
    }

    /// <summary>The job's machine is about to end: from now on nobody seals its disk but its end.</summary>
    internal Task ReleaseAsync(JobDisk disk) => disk.Kept is { } kept ? _live.RemoveAsync(kept) : Task.CompletedTask;

    /// <summary>
    /// Seals what the job has written; its machine is gone. What cannot be written to the database now is made up before
    /// the workspace is used next.
    /// </summary>
    internal async Task CloseAsync(JobDisk disk)
    {
        Unpin(disk.Pinned);
        if (disk.Kept is not { } kept)
        {
            return;
        }

        try
        {
            await SettleAsync(kept, CancellationToken.None);
            NoteGrown(kept);
        }
#pragma warning disable CA1031 // The layer is there and its row says that it is open: nothing is lost.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotSealed(kept, exception);
        }
    }

    /// <summary>Seals what a dead server has left open, and removes files that no workspace knows.</summary>
    internal async Task RecoverAsync(CancellationToken cancellationToken)
    {
        foreach (var workspace in await _layers.ListOpenAsync(cancellationToken))
        {
            await SettleAsync(workspace.Id, cancellationToken);
        }

        await FallBackAsync(cancellationToken);
        await DeleteOwnedAsync(null, cancellationToken);
        var known = (await _layers.ListAsync(cancellationToken)).ToHashSet();
        foreach (var layer in _files.List().Where(layer => !known.Contains(layer)))
        {
            _files.Remove(layer);
            LogRemoved(layer);
        }
    }

    /// <summary>Deletes a workspace, and the files that nothing else needs.</summary>
    public async Task<WorkspaceDeletion> DeleteAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        var deletion = await InTurnAsync(() => _workspaces.DeleteAsync(userId, name, cancellationToken), cancellationToken);
        RemoveFiles(_pins.Doom(deletion.Layers));
        return deletion;
    }

    /// <summary>Deletes what belonged to an ended job; what cannot be now is at the next start.</summary>
    internal async Task DeleteOwnedAsync(Guid jobId)
    {
        try
        {
            await DeleteOwnedAsync(jobId, CancellationToken.None);
        }
        catch (DatabaseException exception)
        {
            LogNotDeleted(jobId, exception);
        }
    }

    /// <summary>Puts a merged layer in the place of those it was made of, also below a guest that runs.</summary>
    internal async Task ReplaceAsync(
        Guid workspace, LayerMerge merge, Guid into, long bytes, CancellationToken cancellationToken)
    {
        var unneeded = await InTurnAsync(
            () => _layers.ReplaceAsync(merge, into, bytes, cancellationToken), cancellationToken);
        RemoveFiles(_pins.Doom(unneeded));
        await _live.UseAsync(workspace, (disk, machine) => RebaseAsync(workspace, disk, machine), cancellationToken);
    }

    /// <summary>What there is to sync of a workspace; its layers stay until <see cref="Unpin"/>.</summary>
    internal Task<SyncPlan?> PlanSyncAsync(Guid workspace, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            var plan = await _snapshots.PlanAsync(workspace, cancellationToken);
            _pins.Pin(plan?.Layers ?? []);
            return plan;
        },
        cancellationToken);

    /// <summary>A workspace has got another layer, or is synced: its chain may be made shorter.</summary>
    internal void NoteGrown(Guid workspace) => _grown.Writer.TryWrite(workspace);

    /// <summary>Lets go of layers.</summary>
    internal void Unpin(IReadOnlyList<Guid> layers) => RemoveFiles(_pins.Unpin(layers));

    /// <summary>Removes a workspace from this node that is whole in the object store and that nobody uses.</summary>
    /// <returns>Whether it was.</returns>
    internal async Task<bool> EvictAsync(Guid workspace, CancellationToken cancellationToken)
    {
        var released = await InTurnAsync(() => _snapshots.EvictAsync(workspace, cancellationToken), cancellationToken);
        RemoveFiles(_pins.Doom(released));
        return released.Count > 0;
    }

    private async Task RebaseAsync(Guid workspace, JobDisk disk, IMachine machine)
    {
        if (await _layers.ListOpenAsync(workspace, CancellationToken.None) is not [var open])
        {
            return;
        }

        var below = await InTurnAsync(
            async () =>
            {
                var layers = await _layers.ListBelowAsync(open, CancellationToken.None);
                _pins.Pin(layers);
                return layers;
            },
            CancellationToken.None);
        try
        {
            await machine.ReplaceLayersAsync([.. below.Select(_files.PathOf)], CancellationToken.None);
        }
        catch
        {
            Unpin(below);
            throw;
        }

        Unpin(disk.Pinned);
        disk.Pinned = below;
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task DeleteOwnedAsync(Guid? jobId, CancellationToken cancellationToken) => RemoveFiles(_pins.Doom(
        await InTurnAsync(() => _workspaces.DeleteOwnedAsync(jobId, cancellationToken), cancellationToken)));

    private async Task<JobDisk> OpenOwnAsync(JobRow job, string name, CancellationToken cancellationToken)
    {
        var opened = await OpenLayerAsync(job.UserId, name, cancellationToken);
        var disk = new JobDisk
        {
            Machine = new MachineDisk([.. opened.Below.Select(_files.PathOf)], _files.PathOf(opened.Id)),
            ImageDigest = opened.Workspace.ImageDigest,
            Unbound = opened.Workspace.ImageDigest is null ? opened.Workspace.Id : null,
            Kept = opened.Workspace.Id,
            Pinned = opened.Below,
        };
        try
        {
            if (opened.Below.Count == 1)
            {
                await _files.AddEmptyAsync(opened.Below[0], opened.Workspace.DiskGb, cancellationToken);
            }

            return disk;
        }
        catch
        {
            await CloseAsync(disk);
            throw;
        }
    }

    private async Task<OpenedLayer> OpenLayerAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await _workspaces.FindAsync(userId, name, cancellationToken) ?? throw Gone(name);
            if (found.OpenLayerId is not null)
            {
                // No other job is active in it: what is open was left there.
                await SettleAsync(found.Id, cancellationToken);
            }

            if (found.IsStoredAlone)
            {
                await _restorer.RestoreAsync(found, cancellationToken);
            }

            // None where it is not, or not any more, what was found.
            var opened = await InTurnAsync(
                async () =>
                {
                    var layer = await _layers.OpenAsync(userId, name, cancellationToken);
                    _pins.Pin(layer?.Below ?? []);
                    return layer;
                },
                cancellationToken);
            if (opened is not null)
            {
                return opened;
            }
        }
    }

    /// <summary>
    /// The newest sealed layers of a workspace, on this node; they stay until <see cref="Unpin"/>. Null when there is no
    /// such workspace.
    /// </summary>
    /// <exception cref="MachineException">It could not be brought from the object store.</exception>
    internal async Task<WorkspaceLayers?> PinSealedAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await InTurnAsync(
                async () =>
                {
                    var layers = await _workspaces.ReadAsync(userId, name, cancellationToken);
                    _pins.Pin(layers?.Layers ?? []);
                    return layers;
                },
                cancellationToken);
            if (found is not { Workspace.IsStoredAlone: true })
            {
                return found;
            }

            // Before the next look it may be removed from this node once more: then it is brought once more.
            await _restorer.RestoreAsync(found.Workspace, cancellationToken);
        }
    }

    private async Task<JobDisk> OpenBaseAsync(JobRow job, string name, CancellationToken cancellationToken)
    {
        var found = await PinSealedAsync(job.UserId, name, cancellationToken) ?? throw Gone(name);

        // While nothing was ever kept in it, it is empty.
        return new JobDisk
        {
            Machine = found.Layers.Count < 2 ? null : new MachineDisk([.. found.Layers.Select(_files.PathOf)], KeepAt: null),
            ImageDigest = found.Workspace.ImageDigest,
            Pinned = found.Layers,
        };
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    private void RemoveFiles(IReadOnlyList<Guid> layers)
    {
        foreach (var layer in layers)
        {
            _files.Remove(layer);
        }
    }

    /// <summary>Seals what is open. Of several layers the upper ones may have no file: then nothing was written to them.</summary>
    private async Task SettleAsync(Guid workspace, CancellationToken cancellationToken)
    {
        var open = await _layers.ListOpenAsync(workspace, cancellationToken);
        foreach (var layer in open.Reverse().TakeWhile(layer => !_files.Exists(layer)))
        {
            await _layers.AbandonAsync(workspace, layer, cancellationToken);
        }

        foreach (var layer in open)
        {
            if (_files.Flush(layer) is { } bytes)
            {
                await _layers.SealAsync(workspace, layer, bytes, cancellationToken);
            }
        }
    }

    /// <summary>Where files are lost that are in the object store, what is there is what the workspace is.</summary>
    private async Task FallBackAsync(CancellationToken cancellationToken)
    {
        var there = _files.List().ToHashSet();
        foreach (var (workspace, layers) in await _snapshots.ListAsync(cancellationToken))
        {
            if (workspace.SnapshotId is not null && layers.Any(layer => !there.Contains(layer)))
            {
                RemoveFiles(await _snapshots.FallBackAsync(workspace.Id, cancellationToken));
                LogFellBack(workspace.Name, workspace.SyncedAt);
            }
        }
    }

    private static MachineException Gone(string name) =>
        new(MachineFault.NoDisk, $"The workspace {name} was deleted before the job could start.");

    [LoggerMessage(LogLevel.Warning, "What was written to workspace {Workspace} could not be sealed; that is made up at its next use")]
    private partial void LogNotSealed(Guid workspace, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The disk of job {JobId} could not be deleted; that is made up at the next start")]
    private partial void LogNotDeleted(Guid jobId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Files of workspace {Workspace} are gone from this node; it goes on from the object store, as of {SyncedAt}")]
    private partial void LogFellBack(string workspace, DateTimeOffset? syncedAt);

    [LoggerMessage(LogLevel.Information, "Layer {Layer} belonged to no workspace and is removed")]
    private partial void LogRemoved(Guid layer);
}
