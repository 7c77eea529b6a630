using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Files;

/// <summary>What tests do with uploads, over HTTP.</summary>
internal static class FileClient
{
    public const string Boundary = "----b";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Uploads a text as a client does.</summary>
    public static async Task<Answer> PostFileAsync(this RunningServer server, string name, string text)
    {
        using var content = new StringContent(text);
        using var form = new MultipartFormDataContent { { content, "file", name } };
        return await server.PostFormAsync(form);
    }

    /// <summary>Uploads a text that must be taken.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> UploadAsync(this RunningServer server, string name, string text)
    {
        var answer = await server.PostFileAsync(name, text);
        Assert.Equal((HttpStatusCode.Created, ""), (answer.Status, answer.Error));
        return answer.Text("file_id");
    }

    public static async Task<Answer> PostFormAsync(this RunningServer server, HttpContent content) =>
        await Answer.OfAsync(await server.Http.PostAsync(
            new Uri("/api/v1/mags-files", UriKind.Relative), content, Cancelled));

    /// <summary>Posts a body as it stands; lines end as they do in a form.</summary>
    public static async Task<Answer> PostRawAsync(
        this RunningServer server, string body, string type = $"multipart/form-data; boundary={Boundary}")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ReplaceLineEndings("\r\n")));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await server.PostFormAsync(content);
    }

    /// <summary>The contents that are kept.</summary>
    public static IReadOnlyList<string> Objects(this RunningServer server)
    {
        var folder = Path.Combine(server.Home, "objects", "files");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
    }

    public static string ObjectOf(this RunningServer server, string id) =>
        Path.Combine(Directory.GetDirectories(Path.Combine(server.Home, "objects", "files")).Single(), id);

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancelled);
        }
    }
}
