using System.Net;
using System.Text.Json;

namespace Mags.Server.Tests.Fixtures;

/// <summary>An answer of the server, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonElement? Body, HttpResponseMessage Response)
{
    /// <summary>The error's sentence; empty when there is none.</summary>
    public string Error => Has("error") ? Text("error") : "";

    /// <summary>The error's code; empty when there is none.</summary>
    public string Code => Has("code") ? Text("code") : "";

    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(
            response.StatusCode, text.Length == 0 ? null : JsonDocument.Parse(text).RootElement, response);
    }

    public bool Has(string field) => Body is { } body && body.TryGetProperty(field, out _);

    public string Text(string field) => Body!.Value.GetProperty(field).GetString()!;

    public int Number(string field) => Body!.Value.GetProperty(field).GetInt32();

    public bool Flag(string field) => Body!.Value.GetProperty(field).GetBoolean();
}
