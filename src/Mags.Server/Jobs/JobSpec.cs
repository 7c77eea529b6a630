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

    /// <summary>Limit of the script; null for none.</summary>
    public required int? TimeoutSeconds { get; init; }

    /// <summary>Whether its sandbox stays after the script.</summary>
    public bool Persistent { get; init; }

    /// <summary>Whether a persistent one is kept on the node only.</summary>
    public bool NoSync { get; init; }

    /// <summary>Whether a persistent one is never put to sleep.</summary>
    public bool NoSleep { get; init; }

    /// <summary>What runs when its sandbox starts again; null for nothing.</summary>
    public string? StartupCommand { get; init; }

    /// <summary>True insists on a network, false wants none; null takes one where the node can give it.</summary>
    public required bool? Network { get; init; }
}
