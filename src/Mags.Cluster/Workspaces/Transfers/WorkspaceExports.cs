using Mags.Machines;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>
/// Gives workspaces out as raw images. A guest wrote what is in them, so a QEMU behind all walls of a machine reads them,
/// and the host passes on what that says without a look.
/// </summary>
public sealed class WorkspaceExports
{
    private readonly SealedLayers _sealed;
    private readonly HeldLayers _held;
    private readonly LayerFiles _files;
    private readonly LayerDisks _layerDisks;

    internal WorkspaceExports(SealedLayers sealedLayers, HeldLayers held, LayerFiles files, LayerDisks layerDisks) =>
        (_sealed, _held, _files, _layerDisks) = (sealedLayers, held, files, layerDisks);

    /// <summary>
    /// Opens a workspace as it was last sealed, also while jobs use it. One that is in the object store alone is brought to
    /// this node first.
    /// </summary>
    /// <returns>Null when there is no such workspace, or nothing was ever kept in it.</returns>
    /// <exception cref="MachineException">It could not be brought here or opened.</exception>
    public async Task<WorkspaceExport?> OpenAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        if (await _sealed.PinAsync(userId, name, cancellationToken) is not { } found)
        {
            return null;
        }

        WorkspaceExport? export = null;
        try
        {
            // The lowest alone is an empty disk.
            if (found is { Layers.Count: > 1, Workspace.ImageDigest: { } digest })
            {
                var disk = await _layerDisks.OpenAsync(
                    [.. found.Layers.Select(_files.PathOf)], writeTo: null, found.DiskGb, cancellationToken);
                export = new WorkspaceExport(_held, found.Layers, disk)
                {
                    Image = found.Workspace.Image,
                    ImageDigest = digest,
                    DiskGb = found.DiskGb,
                };
            }

            return export;
        }
        finally
        {
            if (export is null)
            {
                _held.Unpin(found.Layers);
            }
        }
    }
}
