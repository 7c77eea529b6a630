namespace Mags.Contracts.Server;

/// <summary>The object store of a server.</summary>
public sealed record ObjectStoreResponse
{
    /// <summary>Where it is, in words.</summary>
    public required string Location { get; init; }

    /// <summary>Whether it was reached and is one that this server may use.</summary>
    public required bool Open { get; init; }

    /// <summary>
    /// Whether it keeps servers with different databases from writing over each other's workspaces; where it does not, only
    /// the database does. Absent until it was tried.
    /// </summary>
    public bool? ConditionalWrites { get; init; }

    /// <summary>What was wrong when it was last used.</summary>
    public string? Error { get; init; }

    /// <summary>
    /// Why the last sweep could delete nothing: what it could not read may still need any of it. Absent when it could, and
    /// before the first one.
    /// </summary>
    public string? SweepError { get; init; }
}
