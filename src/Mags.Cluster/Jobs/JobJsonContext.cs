using System.Text.Json.Serialization;

namespace Mags.Cluster.Jobs;

/// <summary>JSON of what is kept in rows.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class JobJsonContext : JsonSerializerContext;
