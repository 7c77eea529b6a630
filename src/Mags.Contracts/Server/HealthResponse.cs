namespace Mags.Contracts.Server;

/// <summary>Answer of <c>GET /healthz</c>, which needs no token.</summary>
public sealed record HealthResponse
{
    /// <summary><c>ok</c>, <c>starting</c> (jobs are accepted and wait) or <c>failed</c> (no sandbox can run).</summary>
    public required string Status { get; init; }
}
