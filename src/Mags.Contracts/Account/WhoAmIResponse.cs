namespace Mags.Contracts.Account;

/// <summary>Answer of <c>GET /mags-whoami</c>: whose token this is.</summary>
public sealed record WhoAmIResponse
{
    /// <summary>The user's name.</summary>
    public required string User { get; init; }

    /// <summary>The token's own name, to tell several apart.</summary>
    public required string Token { get; init; }

    /// <summary>The server's version.</summary>
    public required string Version { get; init; }
}
