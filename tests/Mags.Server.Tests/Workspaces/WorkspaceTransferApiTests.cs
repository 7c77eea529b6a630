using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Workspaces;

/// <summary>What is refused before a disk is opened; what it takes to open one is tested with real machines.</summary>
public sealed class WorkspaceTransferApiTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;
    private readonly string _name = $"w-{Guid.NewGuid():N}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Export_OfWhatIsNotThere_Is404()
    {
        var answer = await _server.GetAsync($"/api/v1/mags-workspaces/{_name}/export");

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task ExportAndImport_OfAnotherUsersWorkspace_ShowNothingOfIt()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"\"workspace_id\": \"{_name}\""));
        await using var other = await OtherUser.AddAsync(_server);

        var export = await other.SendAsync(HttpMethod.Get, $"/api/v1/mags-workspaces/{_name}/export");
        var import = await other.SendAsync(HttpMethod.Post, $"/api/v1/mags-workspaces/{_name}/import", "no disk");

        Assert.Equal(HttpStatusCode.NotFound, export.Status);
        Assert.StartsWith("the disk holds no ext4 file system", import.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OntoAnExistingName_Is409AndNamed()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", $"\"workspace_id\": \"{_name}\""));

        var answer = await ImportAsync(Ext4());

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (answer.Status, answer.Code));
        Assert.StartsWith($"there is a workspace `{_name}` already", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image=no-such", "field `image`: there is no image `no-such`; there are: ")]
    [InlineData("image=debian&image_digest=sha256:22", "field `image_digest`: there is no image `debian` with digest")]
    [InlineData("image_digest=x", "field `image_digest`: there is no image `debian` with digest `x`")]
    [InlineData("disk_gb=0", "field `disk_gb` must be from 1 to 64 on this server (JobLimits:MaxDiskGb)")]
    [InlineData("disk_gb=65", "field `disk_gb` must be from 1 to 64")]
    [InlineData("disk_gb=-1", "field `disk_gb` must be from 1 to 64")]
    [InlineData("disk_gb=two", "field `disk_gb` must be from 1 to 64")]
    [InlineData("", "field `disk_gb` must be from 1 to 64")]
    public async Task Import_OfWhatCannotBe_Is400AndNamesTheField(string query, string error)
    {
        // Its file system says that it has no blocks, so that the size is nobody's word.
        var answer = await ImportAsync(Ext4(), query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith(error, answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("QFI\u00fb", "the disk is a qcow2 image, not a raw disk; make it raw first: `qemu-img convert -O raw IN OUT`")]
    [InlineData("KDMV", "the disk is a VMDK image, not a raw disk")]
    [InlineData("anything", "the disk holds no ext4 file system")]
    [InlineData("", "the disk holds no ext4 file system")]
    public async Task Import_OfOtherFormats_Is400WithItsCure(string mark, string error)
    {
        var disk = new byte[1 << 20];
        Encoding.Latin1.GetBytes(mark).CopyTo(disk, 0);

        foreach (var packed in new[] { false, true })
        {
            var answer = await ImportAsync(disk, "disk_gb=1", packed ? "gzip" : null);

            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            Assert.StartsWith(error, answer.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Import_PackedOtherwise_Is400()
    {
        var answer = await ImportAsync(Ext4(), "disk_gb=1", "br");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith("header `Content-Encoding` must be `gzip` or absent", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_SaidToBePackedAndIsNot_Is400()
    {
        using var content = new ByteArrayContent(Ext4());
        content.Headers.ContentEncoding.Add("gzip");

        var answer = await SendAsync(content, "disk_gb=1");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.StartsWith("the disk cannot be unpacked: ", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfABadName_Is400()
    {
        using var content = new ByteArrayContent(Ext4());

        var answer = await Answer.OfAsync(await _server.Http.PostAsync(
            new Uri("/api/v1/mags-workspaces/-bad/import", UriKind.Relative), content, Cancelled));

        Assert.StartsWith("field `workspace_id` must begin with", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_CutOffInItsFirstBytes_LeavesNothing()
    {
        var url = new Uri(_server.Url);
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(url.Host, url.Port, Cancelled);
            await socket.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /api/v1/mags-workspaces/{_name}/import?disk_gb=1 HTTP/1.1\r\nHost: x\r\n"
                    + $"Authorization: Bearer {_server.Token}\r\nContent-Length: {1 << 30}\r\n\r\nabc"),
                Cancelled);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"/api/v1/mags-workspaces/{_name}")).Status);
    }

    private async Task<Answer> ImportAsync(byte[] disk, string query = "", string? encoding = null)
    {
        using var content = new ByteArrayContent(encoding == "gzip" ? Pack(disk) : disk);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return await SendAsync(content, query);
    }

    private static byte[] Pack(byte[] disk)
    {
        using var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.Fastest))
        {
            packer.Write(disk);
        }

        return packed.ToArray();
    }

    private async Task<Answer> SendAsync(HttpContent content, string query) =>
        await Answer.OfAsync(await _server.Http.PostAsync(
            new Uri($"/api/v1/mags-workspaces/{_name}/import?{query}", UriKind.Relative), content, Cancelled));

    private static byte[] Ext4()
    {
        var disk = new byte[1 << 20];
        (disk[1024 + 0x38], disk[1024 + 0x39]) = (0x53, 0xEF);
        return disk;
    }
}
