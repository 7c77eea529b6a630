using Mags.Data.Workspaces;

namespace Mags.Server.Jobs;

/// <summary>What a valid request asks for: nothing is left open, and all is within the limits.</summary>
internal sealed record JobSpec
{
    public required string Script { get; init; }

    /// <summary>Null: a name is made up.</summary>
    public string? Name { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string Image { get; init; }

    public required string Isolation { get; init; }

    public required int Vcpus { get; init; }

    public required int MemoryMib { get; init; }

    public required int DiskGb { get; init; }

    /// <summary>Its workspace; null for none. What is left open there is not in image and disk either.</summary>
    public WorkspaceWish? Workspace { get; init; }

    /// <summary>Ids of its uploaded files, in their order.</summary>
    public required IReadOnlyList<Guid> Files { get; init; }

    public required int TimeoutSeconds { get; init; }

    /// <summary>True insists on a network, false wants none; null takes one where the node can give it.</summary>
    public required bool? Network { get; init; }
}
