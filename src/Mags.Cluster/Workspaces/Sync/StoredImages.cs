using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>
/// The images that persistent workspaces lie over, in the object store too, each once: a build of the same recipe has other
/// bytes, and without its image a disk is of no use.
/// </summary>
internal sealed class StoredImages(ImageCatalog images, ImageObjects objects) : IDisposable
{
    private const string Prefix = "sha256:";

    private readonly HashSet<string> _stored = [];

    // What is seen to be there must not be swept before it is named.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Sees to it that a workspace's image is in the object store.</summary>
    public async Task StoreAsync(WorkspaceRow workspace, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!_stored.Contains(workspace.ImageDigest!))
            {
                await StoreAsync(workspace, workspace.ImageDigest!, cancellationToken);
                _ = _stored.Add(workspace.ImageDigest!);
            }
        }
        finally
        {
            _ = _turn.Release();
        }
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

    /// <summary>Does what may remove images from the object store, while nobody relies on one that has no name there yet.</summary>
    public async Task<T> SweepAsync<T>(Func<Task<T>> sweep, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await sweep();
        }
        finally
        {
            _stored.Clear();
            _ = _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task StoreAsync(WorkspaceRow workspace, string digest, CancellationToken cancellationToken)
    {
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

    /// <summary>A digest as the object store has it.</summary>
    public static string Plain(string digest) => digest[Prefix.Length..];
}
