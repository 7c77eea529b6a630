using System.Threading.Channels;
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
public sealed partial class WorkspaceDisks(
    WorkspaceStore workspaces, LayerFiles files, ILogger<WorkspaceDisks> logger) : IDisposable
{
    private readonly LayerPins _pins = new();
    private readonly Channel<Guid> _grown = Channel.CreateUnbounded<Guid>();

    // Between reading which layers there are and pinning them none may go.
    private readonly SemaphoreSlim _turn = new(1);

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

    /// <summary>The job has a machine, made from this image: a new workspace belongs to it from now on.</summary>
    /// <returns>Whether it is one that belonged to none.</returns>
    internal async Task<bool> BindAsync(JobDisk disk, string imageDigest, CancellationToken cancellationToken)
    {
        if (disk.Unbound is { } workspace)
        {
            await workspaces.SetImageAsync(workspace, imageDigest, cancellationToken);
        }

        return disk.Unbound is not null;
    }

    /// <summary>
    /// Seals what the job has written; its machine is gone. What cannot be written to the database now is made up before
    /// the workspace is used next.
    /// </summary>
    internal async Task CloseAsync(JobDisk disk)
    {
        RemoveFiles(_pins.Unpin(disk.Pinned));
        if (disk.Kept is not { } kept)
        {
            return;
        }

        try
        {
            await SettleAsync(kept.Workspace, kept.Layer, CancellationToken.None);
            _grown.Writer.TryWrite(kept.Workspace);
        }
#pragma warning disable CA1031 // The layer is there and its row says that it is open: nothing is lost.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotSealed(kept.Layer, kept.Workspace, exception);
        }
    }

    /// <summary>Seals what a dead server has left open, and removes files that no workspace knows.</summary>
    internal async Task RecoverAsync(CancellationToken cancellationToken)
    {
        foreach (var workspace in await workspaces.ListOpenAsync(cancellationToken))
        {
            await SettleAsync(workspace.Id, workspace.OpenLayerId!.Value, cancellationToken);
        }

        await DeleteOwnedAsync(null, cancellationToken);
        var known = (await workspaces.ListLayersAsync(cancellationToken)).ToHashSet();
        foreach (var layer in files.List().Where(layer => !known.Contains(layer)))
        {
            files.Remove(layer);
            LogRemoved(layer);
        }
    }

    /// <summary>Deletes a workspace, and the files that nothing else needs.</summary>
    public async Task<WorkspaceDeletion> DeleteAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        var deletion = await InTurnAsync(() => workspaces.DeleteAsync(userId, name, cancellationToken), cancellationToken);
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

    /// <summary>Puts a merged layer in the place of those it was made of.</summary>
    internal async Task ReplaceAsync(LayerMerge merge, Guid into, long bytes, CancellationToken cancellationToken)
    {
        var unneeded = await InTurnAsync(
            () => workspaces.ReplaceAsync(merge, into, bytes, cancellationToken), cancellationToken);
        RemoveFiles(_pins.Doom(unneeded));
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task DeleteOwnedAsync(Guid? jobId, CancellationToken cancellationToken) => RemoveFiles(_pins.Doom(
        await InTurnAsync(() => workspaces.DeleteOwnedAsync(jobId, cancellationToken), cancellationToken)));

    private async Task<JobDisk> OpenOwnAsync(JobRow job, string name, CancellationToken cancellationToken)
    {
        // No other job is active in it: what is open was left there.
        if (await workspaces.FindAsync(job.UserId, name, cancellationToken) is { OpenLayerId: { } left } found)
        {
            await SettleAsync(found.Id, left, cancellationToken);
        }

        var opened = await InTurnAsync(
            async () =>
            {
                var layer = await workspaces.OpenAsync(job.UserId, name, cancellationToken) ?? throw Gone(name);
                _pins.Pin(layer.Below);
                return layer;
            },
            cancellationToken);
        var disk = new JobDisk
        {
            Machine = new MachineDisk([.. opened.Below.Select(files.PathOf)], files.PathOf(opened.Id)),
            ImageDigest = opened.Workspace.ImageDigest,
            Unbound = opened.Workspace.ImageDigest is null ? opened.Workspace.Id : null,
            Kept = (opened.Workspace.Id, opened.Id),
            Pinned = opened.Below,
        };
        try
        {
            if (opened.Below.Count == 1)
            {
                await files.AddEmptyAsync(opened.Below[0], opened.Workspace.DiskGb, cancellationToken);
            }

            return disk;
        }
        catch
        {
            await CloseAsync(disk);
            throw;
        }
    }

    private async Task<JobDisk> OpenBaseAsync(JobRow job, string name, CancellationToken cancellationToken)
    {
        var found = await InTurnAsync(
            async () =>
            {
                var layers = await workspaces.ReadAsync(job.UserId, name, cancellationToken) ?? throw Gone(name);
                _pins.Pin(layers.Layers);
                return layers;
            },
            cancellationToken);

        // While nothing was ever kept in it, it is empty.
        return new JobDisk
        {
            Machine = found.Layers.Count < 2 ? null : new MachineDisk([.. found.Layers.Select(files.PathOf)], KeepAt: null),
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
            files.Remove(layer);
        }
    }

    private async Task SettleAsync(Guid workspace, Guid layer, CancellationToken cancellationToken)
    {
        if (files.Flush(layer) is { } bytes)
        {
            await workspaces.SealAsync(workspace, layer, bytes, cancellationToken);
        }
        else
        {
            await workspaces.AbandonAsync(workspace, layer, cancellationToken);
        }
    }

    private static MachineException Gone(string name) =>
        new(MachineFault.NoDisk, $"The workspace {name} was deleted before the job could start.");

    [LoggerMessage(LogLevel.Warning, "Layer {Layer} of workspace {Workspace} could not be sealed; that is made up at its next use")]
    private partial void LogNotSealed(Guid layer, Guid workspace, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The disk of job {JobId} could not be deleted; that is made up at the next start")]
    private partial void LogNotDeleted(Guid jobId, Exception exception);

    [LoggerMessage(LogLevel.Information, "Layer {Layer} belonged to no workspace and is removed")]
    private partial void LogRemoved(Guid layer);
}
