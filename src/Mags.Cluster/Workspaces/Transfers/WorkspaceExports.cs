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
    private readonly WorkspaceDisks _disks;
    private readonly LayerFiles _files;
    private readonly LayerDisks _layerDisks;

    internal WorkspaceExports(WorkspaceDisks disks, LayerFiles files, LayerDisks layerDisks) =>
        (_disks, _files, _layerDisks) = (disks, files, layerDisks);

    /// <summary>
    /// Opens a workspace as it was last sealed, also while jobs use it. One that is in the object store alone is brought to
    /// this node first.
    /// </summary>
    /// <returns>Null when there is no such workspace, or nothing was ever kept in it.</returns>
    /// <exception cref="MachineException">It could not be brought here or opened.</exception>
    public async Task<WorkspaceExport?> OpenAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        if (await _disks.PinSealedAsync(userId, name, cancellationToken) is not { } found)
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
                export = new WorkspaceExport(_disks, found.Layers, disk)
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
                _disks.Unpin(found.Layers);
            }
        }
    }
}
