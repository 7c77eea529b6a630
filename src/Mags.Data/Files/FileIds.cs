using System.Text.Json;
using System.Text.Json.Serialization;
using Mags.Data.Jobs;

namespace Mags.Data.Files;

/// <summary>The uploaded files of a job as its row keeps them: <see cref="JobInputRow.FileIdsJson"/>.</summary>
public static class FileIds
{
    /// <summary>As the row keeps them; null for none.</summary>
    public static string? Write(IReadOnlyList<Guid> ids) =>
        ids.Count == 0 ? null : JsonSerializer.Serialize([.. ids], FileIdsJsonContext.Default.GuidArray);

    /// <summary>What the row keeps, in its order.</summary>
    public static IReadOnlyList<Guid> Read(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, FileIdsJsonContext.Default.GuidArray) ?? [];
}

/// <summary>A list of ids.</summary>
[JsonSerializable(typeof(Guid[]))]
internal sealed partial class FileIdsJsonContext : JsonSerializerContext;
