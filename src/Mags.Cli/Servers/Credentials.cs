namespace Mags.Cli.Servers;

/// <summary>A server and the token for it, as <c>client.json</c> and <c>config.json</c> hold them.</summary>
internal sealed record Credentials
{
    public required string Url { get; init; }

    public required string Token { get; init; }
}
