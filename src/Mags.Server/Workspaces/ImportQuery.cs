namespace Mags.Server.Workspaces;

/// <summary>What an import says of its disk, as it came.</summary>
/// <param name="Image">Name of the image that it lies over; null for the default.</param>
/// <param name="ImageDigest">Digest of that image; null for what the name means now.</param>
/// <param name="DiskGb">Its size in GiB; null when the body tells.</param>
internal sealed record ImportQuery(string? Image, string? ImageDigest, string? DiskGb);
