namespace Mags.Cli.Commands.Workspaces;

/// <summary>What <c>mags workspace export --json</c> prints.</summary>
/// <param name="WorkspaceId">Its name.</param>
/// <param name="File">The file that its disk is in.</param>
/// <param name="Image">Name of its image.</param>
/// <param name="ImageDigest">Digest of that image.</param>
/// <param name="DiskGb">Size of the disk in GiB.</param>
internal sealed record ExportedWorkspace(string WorkspaceId, string File, string Image, string ImageDigest, int DiskGb);
