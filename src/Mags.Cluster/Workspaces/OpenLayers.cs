using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;

namespace Mags.Cluster.Workspaces;

/// <summary>The layers that are written to: each run of a job has one of its own, and its end seals it.</summary>
/// <param name="workspaces">The workspaces.</param>
/// <param name="layers">Their layers.</param>
/// <param name="files">The files of these.</param>
/// <param name="held">Keeps what a run starts from.</param>
/// <param name="bring">Brings a workspace that the object store alone has to this node.</param>
internal sealed class OpenLayers(
    WorkspaceStore workspaces,
    LayerStore layers,
    LayerFiles files,
    HeldLayers held,
    Func<WorkspaceRow, CancellationToken, Task> bring)
{
    /// <summary>
    /// Opens a layer in a workspace, in which no other job is active. What it lies on stays until it is unpinned. Null when
    /// there is no such workspace.
    /// </summary>
    /// <param name="userId">Whose workspace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="diskGb">Size of the job's disk in GiB.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">The workspace could not be brought from the object store.</exception>
    public async Task<OpenedLayer?> OpenAsync(Guid userId, string name, int diskGb, CancellationToken cancellationToken)
    {
        while (await workspaces.FindAsync(userId, name, cancellationToken) is { } found)
        {
            if (found.OpenLayerId is not null)
            {
                // No job writes to it: a dead server has left it.
                await SettleAsync(found.Id, cancellationToken);
            }

            if (found.IsStoredAlone)
            {
                await bring(found, cancellationToken);
            }

            // None where it is not, or not any more, what was found.
            if (await held.PinAsync(
                () => layers.OpenAsync(userId, name, diskGb, cancellationToken),
                opened => opened?.Below,
                cancellationToken) is { } layer)
            {
                return layer;
            }
        }

        return null;
    }

    /// <summary>
    /// Seals what is open in a workspace; no machine writes to it any more. Of several layers the upper ones may have no
    /// file, or one that a crash cut off as it was made: then nothing was written to them.
    /// </summary>
    public async Task SettleAsync(Guid workspace, CancellationToken cancellationToken)
    {
        var open = await layers.ListOpenAsync(workspace, cancellationToken);
        var unwritten = open.Reverse().TakeWhile(layer => !files.IsWhole(layer)).ToList();
        foreach (var layer in unwritten)
        {
            await layers.AbandonAsync(workspace, layer, cancellationToken);
            files.Remove(layer);
        }

        foreach (var layer in open.Except(unwritten))
        {
            if (files.Flush(layer) is { } bytes)
            {
                await layers.SealAsync(workspace, layer, bytes, cancellationToken);
            }
        }
    }
}
