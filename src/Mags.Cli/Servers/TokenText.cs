namespace Mags.Cli.Servers;

/// <summary>What <c>mags server token --json</c> prints.</summary>
internal sealed record TokenText(string Token);
