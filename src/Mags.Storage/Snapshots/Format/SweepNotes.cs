using System.Text.Json.Serialization;

namespace Mags.Storage.Snapshots.Format;

/// <summary>Since when which objects were seen that nothing names, by the store's clock.</summary>
internal sealed record SweepNotes(int Format, Dictionary<string, DateTimeOffset> Unnamed)
{
    public const int CurrentFormat = 1;
}

/// <summary>Its JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SweepNotes))]
internal sealed partial class SweepJson : JsonSerializerContext;
