using Mags.Cli.Output;
using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;

namespace Mags.Cli.Tests.Commands.Workspaces;

public sealed class WorkspaceTransferTests : IAsyncLifetime
{
    private const string Hint = "makes a workspace of it\n";

    private ServerDouble _server = null!;
    private CliHarness _cli = null!;
    private string _folder = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerDouble.StartAsync();
        _cli = CliHarness.For(_server);
        _folder = Path.GetDirectoryName(_cli.AddFile("files/there", "old"))!;
    }

    public ValueTask DisposeAsync()
    {
        _cli.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task Export_ToAFile_IsTheWholeDiskWithHoles()
    {
        _server.Disk = [.. new byte[10_000], 1, 2, 3];
        var file = Path.Combine(_folder, "disk");

        var result = await _cli.RunAsync("workspace", "export", "fork", file);

        Assert.Equal(
            new CliResult(
                0,
                $"Workspace 'fork' is in {file}: 1 GiB, image debian (sha256:01)\n",
                $"mags: mags workspace import fork {file} --image debian {Hint}"),
            result);
        Assert.Equal(1L << 30, new FileInfo(file).Length);
        await using var written = File.OpenRead(file);
        var head = new byte[_server.Disk.Length];
        await written.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
        Assert.Equal(_server.Disk, head);
        Assert.Equal(["disk", "there"], Names());
    }

    [Fact]
    public async Task Export_AsJson_SaysWhatTheDiskIs()
    {
        _server.Disk = [1];
        var file = Path.Combine(_folder, "disk");

        var result = await _cli.RunAsync("workspace", "export", "fork", file, "--json");

        Assert.Equal(
            new CliResult(
                0,
                $$"""{"workspace_id":"fork","file":"{{file}}","image":"debian","image_digest":"sha256:01","disk_gb":1}""" + "\n",
                ""),
            result);
    }

    [Fact]
    public async Task Export_ThatEndsEarly_LeavesNoFile()
    {
        var result = await _cli.RunAsync("workspace", "export", "fork", Path.Combine(_folder, "disk"));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the disk is not as long as it said", result.Err, StringComparison.Ordinal);
        Assert.Equal(["there"], Names());
    }

    [Fact]
    public async Task Export_OntoAFile_AsksForForce()
    {
        _server.Disk = [1];
        var file = Path.Combine(_folder, "there");

        var refused = await _cli.RunAsync("workspace", "export", "fork", file);

        Assert.Equal(new CliResult(1, "", $"mags: there is a file {file} already; --force replaces it\n"), refused);
        Assert.Empty(_server.Calls);
        Assert.Equal(0, (await _cli.RunAsync("workspace", "export", "fork", file, "--force")).ExitCode);
        Assert.Equal(1L << 30, new FileInfo(file).Length);
    }

    [Fact]
    public async Task Export_ToATerminal_IsRefused()
    {
        _cli.Traits = new TerminalTraits(false, true, true, false);

        var result = await _cli.RunAsync("workspace", "export", "fork", "-");

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("mags: standard output is a terminal", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_File_IsSentWithWhatItIs()
    {
        var file = _cli.AddFile("files/disk", "content of a disk");

        var result = await _cli.RunAsync(
            "workspace", "import", "fork", file, "--image", "debian", "--image-digest", "sha256:01", "--disk", "2");

        Assert.Equal(new CliResult(0, "Workspace 'fork' is made: 2 GiB, image debian\n", ""), result);
        Assert.Equal("content of a disk"u8.ToArray(), _server.Disk);
        Assert.Equal(
            "POST /api/v1/mags-workspaces/fork/import?image=debian&image_digest=sha256%3A01&disk_gb=2",
            Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task Import_StandardInput_IsSentAsItComes()
    {
        _cli.Input = "from a pipe";

        var result = await _cli.RunAsync("workspace", "import", "fork", "-", "--json");

        Assert.StartsWith("""{"workspace_id":"fork",""", result.Out, StringComparison.Ordinal);
        Assert.Equal("from a pipe"u8.ToArray(), _server.Disk);
        Assert.Equal("POST /api/v1/mags-workspaces/fork/import", Assert.Single(_server.Calls));
    }

    [Fact]
    public async Task Import_Refused_FailsWithTheServersSentence()
    {
        _server.Refuses(400, "invalid_request", "the disk is a qcow2 image");

        Assert.Equal(
            new CliResult(1, "", "mags: the disk is a qcow2 image\n"),
            await _cli.RunAsync("workspace", "import", "fork", Path.Combine(_folder, "there")));
    }

    [Theory]
    [InlineData("missing", "there is no file {0}")]
    [InlineData("", "{0} is a folder; name a file")]
    public async Task Import_OfNoFile_IsSaidBeforeAnythingIsSent(string name, string sentence)
    {
        var path = name.Length == 0 ? _folder : Path.Combine(_folder, name);

        var result = await _cli.RunAsync("workspace", "import", "fork", path);

        Assert.Equal(
            $"mags: {string.Format(System.Globalization.CultureInfo.InvariantCulture, sentence, path)}\n", result.Err);
        Assert.Empty(_server.Calls);
    }

    private string[] Names() => [.. Directory.GetFiles(_folder).Select(file => Path.GetFileName(file)!).Order()];
}
