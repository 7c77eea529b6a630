namespace Mags.Client.Workspaces;

/// <summary>What a disk is that becomes a workspace.</summary>
public sealed record ImportOptions
{
    /// <summary>Name of the image that it lies over; default the server's.</summary>
    public string? Image { get; init; }

    /// <summary>Digest of that image; default what the name means now.</summary>
    public string? ImageDigest { get; init; }

    /// <summary>Its size in GiB; default what its file system says.</summary>
    public int? DiskGb { get; init; }
}
