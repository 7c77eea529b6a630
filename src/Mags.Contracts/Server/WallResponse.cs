namespace Mags.Contracts.Server;

/// <summary>One of the walls between a sandbox and the host; docs/security.md explains each.</summary>
public sealed record WallResponse
{
    /// <summary>Its name, such as <c>files</c> or <c>memory</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it stands on this host.</summary>
    public required bool Stands { get; init; }

    /// <summary>What it is, or why it does not stand.</summary>
    public required string Detail { get; init; }
}
