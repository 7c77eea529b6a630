using System.Text.Json.Serialization;
using Mags.Contracts.Account;
using Mags.Contracts.Errors;
using Mags.Contracts.Files;
using Mags.Contracts.Images;
using Mags.Contracts.Jobs;
using Mags.Contracts.Server;
using Mags.Contracts.Workspaces;

namespace Mags.Contracts;

/// <summary>The one JSON context of the REST API: <c>snake_case</c>, nulls left out, times in UTC, no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(ActionResponse))]
[JsonSerializable(typeof(CreateJobRequest))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(FileResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(ImageListResponse))]
[JsonSerializable(typeof(JobAccepted))]
[JsonSerializable(typeof(JobEnd))]
[JsonSerializable(typeof(JobListResponse))]
[JsonSerializable(typeof(JobResponse))]
[JsonSerializable(typeof(LogEntry))]
[JsonSerializable(typeof(LogsResponse))]
[JsonSerializable(typeof(PoolStatusResponse))]
[JsonSerializable(typeof(ServerInfoResponse))]
[JsonSerializable(typeof(WallResponse))]
[JsonSerializable(typeof(WhoAmIResponse))]
[JsonSerializable(typeof(CreateWorkspaceRequest))]
[JsonSerializable(typeof(UpdateWorkspaceRequest))]
[JsonSerializable(typeof(WorkspaceListResponse))]
[JsonSerializable(typeof(WorkspaceResponse))]
public sealed partial class MagsJsonContext : JsonSerializerContext;
