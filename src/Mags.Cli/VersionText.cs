namespace Mags.Cli;

/// <summary>What <c>mags version --json</c> prints.</summary>
internal sealed record VersionText(string Version);
