using System.Text.Json.Serialization;

namespace Mags.Server.Jobs;

/// <summary>The environment as its row keeps it.</summary>
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class EnvironmentJson : JsonSerializerContext;
