using System.Text.Json.Serialization;

namespace Mags.Storage.Snapshots.Format;

/// <summary>Since when which objects were seen that nothing names, by the store's clock.</summary>
internal sealed record SweepNotes(int Format, Dictionary<string, DateTimeOffset> Unnamed)
{
    public const int CurrentFormat = 1;
}

/// <summary>The snapshots that a database's workspaces start from, also those that no head names: of forks.</summary>
internal sealed record HeldSnapshots(int Format, IReadOnlyList<string> Snapshots)
{
    public const int CurrentFormat = 1;
}

/// <summary>Their JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SweepNotes))]
[JsonSerializable(typeof(HeldSnapshots))]
internal sealed partial class SweepJson : JsonSerializerContext;
