namespace Mags.Client.Workspaces;

/// <summary>What an exported disk is.</summary>
/// <param name="Image">Name of the image that it lies over.</param>
/// <param name="ImageDigest">Digest of that image.</param>
/// <param name="DiskGb">Its size in GiB.</param>
public sealed record WorkspaceDisk(string Image, string ImageDigest, int DiskGb)
{
    /// <summary>Its size in bytes.</summary>
    public long SizeBytes => (long)DiskGb << 30;
}
