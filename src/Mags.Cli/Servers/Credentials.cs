namespace Mags.Cli.Servers;

/// <summary>A server and the token for it, as <c>client.json</c> and <c>config.json</c> hold them.</summary>
internal sealed record Credentials
{
    public required string Url { get; init; }

    public required string Token { get; init; }

    /// <summary>Seconds that a stop of the local server may take; null when it does not say.</summary>
    public int? StopSeconds { get; init; }
}
