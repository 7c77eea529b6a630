using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Files;

/// <summary>Uploaded files in real sandboxes.</summary>
[Trait("Category", "Machine")]
public sealed class FilesTests(SharedServer shared)
{
    private const int Megabyte = 1024 * 1024;

    private readonly string _name = $"w-{Guid.NewGuid():N}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_OfAJob_AreInRootAndCanOnlyBeReadInUploads()
    {
        var first = await UploadAsync("dir/data 1.txt", "one\n"u8.ToArray());
        var second = await UploadAsync("empty", []);

        var job = await shared.Api.RunAsync(
            """
            cd /root; stat -c '%n %a %u:%g %s %F' *
            cat '/uploads/data 1.txt'; ls /uploads
            echo x 2>&1 > '/uploads/data 1.txt'; echo x 2>&1 > /uploads/new; rm /uploads/empty 2>&1
            rm '/root/data 1.txt'; cat '/uploads/data 1.txt'
            """,
            Named(first, second));

        Assert.True(job.Status == "completed", job.Error);
        Assert.Equal(
            ["data 1.txt 644 0:0 4 regular file", "empty 644 0:0 0 regular empty file", "one", "data 1.txt", "empty"],
            job.Stdout.Take(5));
        Assert.Equal("one", job.Stdout[^1]);
        var refused = job.Stdout.Skip(5).SkipLast(1).Concat(job.Stderr).ToList();
        Assert.Equal(3, refused.Count);
        Assert.All(refused, line => Assert.Contains("Read-only file system", line, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Files_InAWorkspace_ReplaceWhatIsThereAndLeaveNoView()
    {
        await CompleteAsync(
            "echo old > /root/a; mkdir /srv/x; echo kept > /srv/x/target; ln -s /srv/x/target /root/link", InWorkspace);
        var ids = new[]
        {
            await UploadAsync("a", "first\n"u8.ToArray()),
            await UploadAsync("link", "mine\n"u8.ToArray()),
            await UploadAsync("a", "later\n"u8.ToArray()),
        };

        Assert.Equal(
            ["later", "mine", "kept", "later"],
            await CompleteAsync(
                "cat /root/a /root/link /srv/x/target /uploads/a", InWorkspace + Named(ids)));
        Assert.Equal(
            ["later", "mine", "kept", "no view"],
            await CompleteAsync(
                "cat /root/a /root/link /srv/x/target; ls -d /uploads 2> /dev/null || echo no view", InWorkspace));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(1024)]
    public async Task File_OfAHundredMegabytes_ArrivesWhole(int memoryMib)
    {
        var content = new byte[100 * Megabyte];
        RandomNumberGenerator.Fill(content);
        var id = await UploadAsync("big", content);

        var job = await shared.Api.RunAsync(
            "sha256sum /uploads/big; df -m / | tail -n 1 | awk '{ print ($3 < 150) }'",
            Named(id) + (body => body["memory_mb"] = memoryMib));

        Assert.True(job.Status == "completed", job.Error);
        Assert.Equal([$"{Convert.ToHexStringLower(SHA256.HashData(content))}  /uploads/big", "1"], job.Stdout);
    }

    [Fact]
    public async Task Files_LargerThanTheRoomOnTheDisk_EndTheJobInAnErrorThatNamesOne()
    {
        // The guest takes most of it beforehand, in no time; files would take a minute to fill it.
        await CompleteAsync("fallocate -l 800M /root/most", InWorkspace + (body => body["disk_gb"] = 1));
        var content = new byte[100 * Megabyte];
        var ids = new[] { await UploadAsync("big-0", content), await UploadAsync("big-1", content) };

        var job = await shared.Api.RunAsync("echo unseen", InWorkspace + Named(ids));

        Assert.Equal(("error", 0), (job.Status, job.Lines.Count));
        Assert.Matches("^file `big-1`: .*: write big-1: no space left on device$", job.Error);
    }

    [Fact]
    public async Task Job_NamingAnUnknownFile_IsRefusedByItsId()
    {
        var unknown = Guid.NewGuid().ToString();

        using var response = await shared.Api.Http.PostAsJsonAsync(
            "mags-jobs",
            new JsonObject { ["type"] = "inline", ["script"] = "exit 0", ["file_ids"] = new JsonArray(unknown) },
            Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled);
        Assert.Contains($"field `file_ids`: there is no uploaded file `{unknown}`", (string)answer!["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithFiles_PlacesThem()
    {
        var folder = Directory.CreateTempSubdirectory("mags-files-").FullName;
        try
        {
            var (a, b) = (Path.Combine(folder, "a.txt"), Path.Combine(folder, "b.txt"));
            await File.WriteAllTextAsync(a, "from a\n", Cancelled);
            await File.WriteAllTextAsync(b, "from b\n", Cancelled);

            var run = await Command.MagsAsync(shared.Home, "run", "-f", a, "--file", b, "cat a.txt /uploads/b.txt");

            Assert.Equal((0, "from a\nfrom b\n", ""), (run.ExitCode, run.Stdout, run.Stderr));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private Action<JsonObject> InWorkspace => body => body["workspace_id"] = _name;

    private static Action<JsonObject> Named(params string[] ids) =>
        body => body["file_ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]);

    private async Task<IReadOnlyList<string>> CompleteAsync(string script, Action<JsonObject> more)
    {
        var job = await shared.Api.RunAsync(script, more);
        Assert.True(job.Status == "completed", $"{job.Error} {string.Join('\n', job.Stderr)}");
        return job.Stdout;
    }

    private async Task<string> UploadAsync(string name, byte[] content)
    {
        using var file = new ByteArrayContent(content);
        using var form = new MultipartFormDataContent { { file, "file", name } };
        using var response = await shared.Api.Http.PostAsync(new Uri("mags-files", UriKind.Relative), form, Cancelled);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled);
        Assert.True(response.StatusCode == HttpStatusCode.Created, answer!.ToJsonString());
        return (string)answer["file_id"]!;
    }
}
