using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mags.Server.Hosting;

/// <summary>
/// <c>client.json</c> in the home folder: where the local server is and a token for it, readable by its user alone.
/// </summary>
/// <param name="Url">Where it listens.</param>
/// <param name="Token">A token of the first user.</param>
/// <param name="StopSeconds">How long a stop may take at most, in seconds; null when no server has told yet.</param>
internal sealed partial record ClientFile(string Url, string Token, int? StopSeconds = null)
{
    private const string FileName = "client.json";

    /// <summary>What stands in the file; null when there is none, or none that can be read.</summary>
    public static async Task<ClientFile?> ReadAsync(string home, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await File.ReadAllBytesAsync(Path.Combine(home, FileName), cancellationToken);
            return JsonSerializer.Deserialize(bytes, FileJson.Default.ClientFile);
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the file at once and whole: a reader sees the old one or the new one.</summary>
    public async Task WriteAsync(string home, CancellationToken cancellationToken)
    {
        var path = Path.Combine(home, FileName);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using (var file = new FileStream(temporary, options))
        {
            await JsonSerializer.SerializeAsync(file, this, FileJson.Default.ClientFile, cancellationToken);
        }

        File.Move(temporary, path, overwrite: true);
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(ClientFile))]
    private sealed partial class FileJson : JsonSerializerContext;
}
