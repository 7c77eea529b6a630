using System.Collections.Concurrent;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>
/// The images that persistent workspaces lie over, in the object store too, each once: a build of the same recipe has other
/// bytes, and without its image a disk is of no use.
/// </summary>
internal sealed class StoredImages(ImageCatalog images, ImageObjects objects)
{
    private const string Prefix = "sha256:";

    private readonly ConcurrentDictionary<string, bool> _stored = new();

    /// <summary>
    /// Sees to it that a workspace's image is in the object store: before its head names it, so that what a head names is
    /// there, and by <see cref="ConfirmAsync"/> after.
    /// </summary>
    public async Task StoreAsync(WorkspaceRow workspace, CancellationToken cancellationToken)
    {
        var digest = workspace.ImageDigest!;
        if (_stored.ContainsKey(digest))
        {
            return;
        }

        if (images.Find(workspace.Image, digest) is { } image)
        {
            await using var file = File.OpenRead(image.Path);
            _ = await objects.PutAsync(Plain(digest), file, cancellationToken);
        }
        else if (!await objects.ExistsAsync(Plain(digest), cancellationToken))
        {
            throw new MachineException(
                MachineFault.UnknownImage, $"The image {workspace.Image} with digest {digest} is not on this node.");
        }
    }

    /// <summary>
    /// A head names the image now, and no sweep that begins from here on deletes it. One of another server's that was under
    /// way may have, when it had been there long and nobody named it.
    /// </summary>
    public async Task ConfirmAsync(WorkspaceRow workspace, CancellationToken cancellationToken)
    {
        await StoreAsync(workspace, cancellationToken);
        _stored[workspace.ImageDigest!] = true;
    }

    /// <summary>Sees to it that a workspace's image is on this node, when the object store has it.</summary>
    public async Task FetchAsync(WorkspaceRow workspace, CancellationToken cancellationToken)
    {
        if (workspace.ImageDigest is { } digest && images.Find(workspace.Image, digest) is null)
        {
            await images.AddAsync(
                digest, (file, token) => objects.GetAsync(Plain(digest), file, token), cancellationToken);
        }
    }

    /// <summary>A sweep may have removed it, or another server.</summary>
    public void Forget() => _stored.Clear();

    /// <summary>A digest as the object store has it.</summary>
    public static string Plain(string digest) => digest[Prefix.Length..];
}
