namespace Mags.Contracts.Workspaces;

/// <summary>Headers of <c>GET /mags-workspaces/:id/export</c>, which tell what the raw disk in the body is.</summary>
public static class WorkspaceHeaders
{
    /// <summary>Name of the image that it lies over.</summary>
    public const string Image = "X-Mags-Image";

    /// <summary>Digest of that image, without which the disk is of no use.</summary>
    public const string ImageDigest = "X-Mags-Image-Digest";

    /// <summary>Size of the disk in GiB.</summary>
    public const string DiskGb = "X-Mags-Disk-Gb";
}
