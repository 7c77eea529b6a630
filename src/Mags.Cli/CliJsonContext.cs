using System.Text.Json.Serialization;
using Mags.Cli.Commands.Workspaces;
using Mags.Cli.Servers;
using Mags.Contracts;

namespace Mags.Cli;

/// <summary>JSON that is the command's own: its files, and <c>--json</c> where the API has no body for it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(ExportedWorkspace))]
[JsonSerializable(typeof(ServerStatus))]
[JsonSerializable(typeof(TokenText))]
[JsonSerializable(typeof(VersionText))]
internal sealed partial class CliJsonContext : JsonSerializerContext;
