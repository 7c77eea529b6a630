using System.Text.Json.Serialization;

namespace Mags.Storage.Snapshots.Format;

/// <summary>What a snapshot says of itself: the JSON in its root.</summary>
internal sealed record SnapshotHeader(
    string User,
    string Workspace,
    string Image,
    string ImageDigest,
    int DiskGb,
    DateTimeOffset CreatedAt,
    long SizeBytes,
    string? Previous);

/// <summary>The JSON of what lies in the store.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SnapshotHeader))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
