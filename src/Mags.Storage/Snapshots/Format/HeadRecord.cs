using System.Text.Json.Serialization;

namespace Mags.Storage.Snapshots.Format;

/// <summary>A workspace's head as it lies in the store.</summary>
internal sealed record HeadRecord(
    int Format,
    Guid Writer,
    string User,
    string Workspace,
    string Image,
    string ImageDigest,
    int DiskGb,
    string Snapshot,
    string? Previous,
    DateTimeOffset SyncedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? WorkspaceId = null)
{
    public const int CurrentFormat = 1;

    public static HeadRecord Of(WorkspaceHead head) => new(
        CurrentFormat,
        head.Writer,
        head.User,
        head.Workspace,
        head.Image,
        head.ImageDigest,
        head.DiskGb,
        head.Snapshot,
        head.Previous,
        head.SyncedAt,
        head.WorkspaceId);

    public WorkspaceHead ToHead() =>
        new(Writer, User, Workspace, Image, ImageDigest, DiskGb, Snapshot, Previous, SyncedAt, WorkspaceId);
}

/// <summary>Its JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(HeadRecord))]
internal sealed partial class HeadJson : JsonSerializerContext;
