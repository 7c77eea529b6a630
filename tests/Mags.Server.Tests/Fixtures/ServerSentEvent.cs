using System.Text.Json;

namespace Mags.Server.Tests.Fixtures;

/// <summary>One event of an event stream.</summary>
internal sealed record ServerSentEvent(string? Id, string? Event, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public string Message => Json.GetProperty("message").GetString()!;

    public static async Task<ServerSentEvent?> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        string? id = null;
        string? name = null;
        var data = "";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0 && name is not null)
            {
                return new ServerSentEvent(id, name, data);
            }

            var (field, value) = line.Split(": ", 2) is [var left, var right] ? (left, right) : (line, "");
            id = field == "id" ? value : id;
            name = field == "event" ? value : name;
            data = field == "data" ? value : data;
        }

        return null;
    }
}
