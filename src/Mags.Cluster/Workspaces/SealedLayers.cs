using Mags.Data.Workspaces;
using Mags.Machines;

namespace Mags.Cluster.Workspaces;

/// <summary>What readers of workspaces start from: the newest sealed layers of each, also while a job writes to it.</summary>
/// <param name="workspaces">The workspaces.</param>
/// <param name="held">Keeps what is read.</param>
/// <param name="bring">Brings a workspace that the object store alone has to this node.</param>
internal sealed class SealedLayers(
    WorkspaceStore workspaces, HeldLayers held, Func<WorkspaceRow, CancellationToken, Task> bring)
{
    /// <summary>
    /// The newest sealed layers of a workspace, on this node; they stay until they are unpinned. Null when there is no such
    /// workspace.
    /// </summary>
    /// <exception cref="MachineException">It could not be brought from the object store.</exception>
    public async Task<WorkspaceLayers?> PinAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await held.PinAsync(
                () => workspaces.ReadAsync(userId, name, cancellationToken), read => read?.Layers, cancellationToken);
            if (found is not { Workspace.IsStoredAlone: true })
            {
                return found;
            }

            // Before the next look it may be removed from this node once more: then it is brought once more.
            await bring(found.Workspace, cancellationToken);
        }
    }
}
