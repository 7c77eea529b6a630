using System.Text.Encodings.Web;
using System.Text.Json;
using Mags.Contracts;

namespace Mags.Server;

/// <summary>JSON as this server writes it.</summary>
internal static class ServerJson
{
    /// <summary>
    /// Only what JSON demands is escaped: a log in any language stays readable, and short. Sound, as answers are
    /// never put into HTML unescaped: their type is <c>application/json</c>.
    /// </summary>
    public static MagsJsonContext Context { get; } = new(new JsonSerializerOptions(MagsJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
