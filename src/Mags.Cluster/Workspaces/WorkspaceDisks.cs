using Mags.Data;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// The disks of jobs on this node. Each run of a job writes a layer of its own, over sealed ones that nobody writes to any
/// more; its end seals it. The row of a layer is written before its file is made and goes before it, so a file without a
/// row is garbage, and a workspace never names a sealed file that is not there.
/// </summary>
internal sealed partial class WorkspaceDisks(
    WorkspaceStore workspaces,
    OpenLayers open,
    SealedLayers sealedLayers,
    HeldLayers held,
    LiveDisks live,
    LayerFiles files,
    LayerShortener shortener,
    ILogger<WorkspaceDisks> logger)
{
    /// <summary>Makes ready what a job's machine starts from.</summary>
    /// <exception cref="MachineException">Its base or workspace is gone.</exception>
    public async Task<JobDisk> OpenAsync(JobRow job, CancellationToken cancellationToken) =>
        (WorkspaceRow.NameOf(job), job.BaseWorkspaceId) switch
        {
            ({ } name, _) => await OpenOwnAsync(job, name, cancellationToken),
            (null, { } name) => await OpenBaseAsync(job, name, cancellationToken),
            _ => JobDisk.Empty,
        };

    /// <summary>The job has a machine, and a new workspace belongs to that one's image from now on.</summary>
    /// <returns>Whether it is one that belonged to none.</returns>
    public async Task<bool> BindAsync(JobDisk disk, IMachine machine, CancellationToken cancellationToken)
    {
        if (disk.Unbound is { } workspace)
        {
            await workspaces.SetImageAsync(workspace, machine.ImageDigest, cancellationToken);
        }

        if (disk.Kept is not null)
        {
            live.Add(disk, machine);
        }

        return disk.Unbound is not null;
    }

    /// <summary>The job's machine is about to end: from now on nobody seals its disk but its end.</summary>
    public Task ReleaseAsync(JobDisk disk) => disk.Kept is { } kept ? live.RemoveAsync(kept) : Task.CompletedTask;

    /// <summary>
    /// Seals what the job has written; its machine is gone. What cannot be brought to the node's disk now is made up before
    /// the workspace is used next.
    /// </summary>
    /// <returns>Whether it is sealed.</returns>
    /// <exception cref="DatabaseException">It is not told; to be repeated.</exception>
    public async Task<bool> CloseAsync(JobDisk disk)
    {
        var isSealed = disk.Kept is not { } kept || await SealAsync(kept);
        held.Unpin(disk.Pinned);
        return isSealed;
    }

    private async Task<bool> SealAsync(Guid workspace)
    {
        try
        {
            await open.SettleAsync(workspace, CancellationToken.None);
            shortener.NoteGrown(workspace);
            return true;
        }
#pragma warning disable CA1031 // The layer is there and its row says that it is open: nothing is lost.
        catch (Exception exception) when (exception is not DatabaseException)
#pragma warning restore CA1031
        {
            LogNotSealed(workspace, exception);
            return false;
        }
    }

    private async Task<JobDisk> OpenOwnAsync(JobRow job, string name, CancellationToken cancellationToken)
    {
        var opened = await open.OpenAsync(job.UserId, name, job.DiskGb, cancellationToken) ?? throw Gone(name);
        var disk = new JobDisk
        {
            Machine = new MachineDisk([.. opened.Below.Select(files.PathOf)], files.PathOf(opened.Id)),
            ImageDigest = opened.Workspace.ImageDigest,
            Unbound = opened.Workspace.ImageDigest is null ? opened.Workspace.Id : null,
            Kept = opened.Workspace.Id,
            Pinned = opened.Below,
        };
        try
        {
            if (opened.Below.Count == 1)
            {
                await files.AddEmptyAsync(opened.Below[0], job.DiskGb, cancellationToken);
            }

            return disk;
        }
        catch
        {
            // No file was made, so there is nothing to seal: its row goes at the workspace's next use.
            held.Unpin(disk.Pinned);
            throw;
        }
    }

    private async Task<JobDisk> OpenBaseAsync(JobRow job, string name, CancellationToken cancellationToken)
    {
        var found = await sealedLayers.PinAsync(job.UserId, name, cancellationToken) ?? throw Gone(name);

        // While nothing was ever kept in it, it is empty.
        return new JobDisk
        {
            Machine = found.Layers.Count < 2 ? null : new MachineDisk([.. found.Layers.Select(files.PathOf)], KeepAt: null),
            ImageDigest = found.Workspace.ImageDigest,
            Pinned = found.Layers,
        };
    }

    private static MachineException Gone(string name) =>
        new(MachineFault.NoDisk, $"The workspace {name} was deleted before the job could start.");

    [LoggerMessage(LogLevel.Warning, "What was written to workspace {Workspace} could not be sealed; that is made up at its next use")]
    private partial void LogNotSealed(Guid workspace, Exception exception);
}
