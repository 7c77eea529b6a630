using System.Text.Json.Serialization;

namespace Mags.Storage.Objects;

/// <summary>Content of <c>store.json</c>.</summary>
internal sealed record StoreMark(int Format, Guid StoreId);

/// <summary>Its JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoreMark))]
internal sealed partial class StoreMarkJson : JsonSerializerContext;
