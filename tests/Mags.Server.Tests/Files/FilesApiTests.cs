using System.Net;
using System.Net.Sockets;
using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Files;

/// <summary>Uploads, and what is left of those that are refused or cut off: nothing.</summary>
public sealed class FilesApiTests(SharedServer shared)
{
    private const string Part =
        $"""
        --{FileClient.Boundary}
        Content-Disposition: form-data; name="file"; filename="a.txt"

        text

        """;

    private const string TextPart =
        $"""
        --{FileClient.Boundary}
        Content-Disposition: form-data; name="purpose"

        job

        """;

    private const string End = $"--{FileClient.Boundary}--\n";

    private readonly RunningServer _server = shared.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/v1")]
    [InlineData("/api/v2")]
    public async Task Post_AFile_AnswersItsIdNameAndSize(string root)
    {
        using var content = new StringContent("grüße");
        using var form = new MultipartFormDataContent { { content, "file", "../grüße.txt" } };

        var answer = await Answer.OfAsync(
            await _server.Http.PostAsync(new Uri($"{root}/mags-files", UriKind.Relative), form, Cancelled));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.True(Guid.TryParseExact(answer.Text("file_id"), "D", out _));
        Assert.Equal(("grüße.txt", 7), (answer.Text("file_name"), answer.Number("size")));
    }

    [Theory]
    [InlineData(Part + End, "a.txt", 4)]
    [InlineData(TextPart + Part + TextPart + End, "a.txt", 4)]
    [InlineData($"--{FileClient.Boundary}\nContent-Disposition: form-data; name=file; filename=\"C:\\dir\\b.txt\"\n\n\n{End}", "b.txt", 0)]
    public async Task Post_FormOfAnyClient_IsRead(string body, string name, int size)
    {
        var answer = await _server.PostRawAsync(body);

        Assert.Equal((HttpStatusCode.Created, ""), (answer.Status, answer.Error));
        Assert.Equal((name, size), (answer.Text("file_name"), answer.Number("size")));
    }

    [Theory]
    [InlineData("", "the form cannot be read: it is empty, or cut off")]
    [InlineData(End, "field `file` is missing: ")]
    [InlineData(TextPart + End, "field `file` is missing: ")]
    [InlineData(Part + Part + End, "field `file` is given twice; ")]
    [InlineData(Part, "the form cannot be read: it is empty, or cut off")]
    [InlineData("nothing like a form", "the form cannot be read: ")]
    [InlineData($"--{FileClient.Boundary}\nContent-Disposition: form-data; name=file\n\ntext\n{End}", "field `file` must be a file ")]
    [InlineData($"--{FileClient.Boundary}\nContent-Disposition: form-data; name=file; filename=\"a/..\"\n\nx\n{End}", "field `file`: its file name must be a plain name")]
    public async Task Post_FormWithoutOneWholeFile_Is400ThatSaysWhatIsWrong(string body, string sentence)
    {
        await using var server = await RunningServer.StartAsync();

        var answer = await server.PostRawAsync(body);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith(sentence, answer.Error, StringComparison.Ordinal);
        Assert.Empty(server.Objects());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/mixed; boundary=x")]
    public async Task Post_NoForm_Is400ThatSaysHowToSendOne(string type)
    {
        var answer = await _server.PostRawAsync("{}", type);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith("the body must be a form (multipart/form-data)", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1_048_576, HttpStatusCode.Created)]
    [InlineData(1_048_577, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(3_000_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Post_FileOverTheLimit_Is413ThatNamesItAndNothingIsKept(int size, HttpStatusCode status)
    {
        await using var server = await RunningServer.StartAsync("""{"Files": {"MaxBytes": 1048576}}""");

        var answer = await server.PostFileAsync("a", new string('x', size));

        Assert.Equal(status, answer.Status);
        if (status != HttpStatusCode.Created)
        {
            Assert.Equal(
                "the file is over the limit of 1048576 bytes (1 MB of 1024 * 1024 bytes) (Files:MaxBytes)", answer.Error);
            Assert.Equal("too_large", answer.Code);
            Assert.Empty(server.Objects());
        }
    }

    [Fact]
    public async Task Post_SaidToBeFarTooLong_Is413ThatNamesTheFilesLimitUnread()
    {
        await using var server = await RunningServer.StartAsync("""{"Files": {"MaxBytes": 1048576}}""");
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(server.Url).Port, Cancelled);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/v1/mags-files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.Token}\r\n"
                + $"Content-Type: multipart/form-data; boundary={FileClient.Boundary}\r\nContent-Length: 1000000000000\r\n\r\n"),
            Cancelled);

        using var answer = new StreamReader(client.GetStream());
        var (status, text) = (await answer.ReadLineAsync(Cancelled), await answer.ReadToEndAsync(Cancelled));

        Assert.StartsWith("HTTP/1.1 413", status, StringComparison.Ordinal);
        Assert.Contains("the file is over the limit of 1048576 bytes", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_CutOff_KeepsNothing()
    {
        await using var server = await RunningServer.StartAsync();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync("127.0.0.1", new Uri(server.Url).Port, Cancelled);
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /api/v1/mags-files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.Token}\r\n"
                    + $"Content-Type: multipart/form-data; boundary={FileClient.Boundary}\r\nContent-Length: 1000000\r\n\r\n"
                    + Part.ReplaceLineEndings("\r\n")),
                Cancelled);
            await FileClient.UntilAsync(() => OpenSpools(server) > 0);
        }

        await FileClient.UntilAsync(() => OpenSpools(server) == 0);

        Assert.Empty(server.Objects());
        Assert.Empty(Directory.GetFiles(Path.Combine(server.Home, "uploads")));
    }

    [Fact]
    public async Task Post_StoreDoesNotTakeIt_Is503ThatSaysWhy()
    {
        await using var server = await RunningServer.StartAsync("""{"ObjectStore": {"Folder": "/dev/null/objects"}}""");

        var answer = await server.PostFileAsync("a", "text");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (answer.Status, answer.Code));
        Assert.StartsWith("the file cannot be kept now: ", answer.Error, StringComparison.Ordinal);
        Assert.Contains("/dev/null/objects", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_LeftoversOfUploads_AreRemoved()
    {
        await using var server = await RunningServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(server.Home, "uploads", "left"), "half", Cancelled);

        await using var next = await server.RestartAsync();

        Assert.Empty(Directory.GetFiles(Path.Combine(next.Home, "uploads")));
    }

    /// <summary>Files without a name that this process has open in the server's spool folder.</summary>
    private static int OpenSpools(RunningServer server)
    {
        var folder = Path.Combine(server.Home, "uploads") + "/";
        return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(entry =>
            TargetOf(entry) is { } target && target.StartsWith(folder, StringComparison.Ordinal));
    }

    private static string? TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (IOException)
        {
            return null; // Closed meanwhile.
        }
    }
}
