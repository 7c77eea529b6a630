using Mags.Cli.Commands.Jobs;
using Mags.Cli.Output;
using Mags.Cli.Tests.Fakes;

namespace Mags.Cli.Tests.Commands.Jobs;

public sealed class ScriptSourceTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Read_Dash_IsStandardInput() => Assert.Equal("echo in\n", await ReadAsync("-", "echo in\n"u8));

    [Fact]
    public async Task Read_ExistingFileWithSlash_IsItsContent() =>
        Assert.Equal("echo file", await ReadAsync(_cli.AddFile("job", "echo file")));

    [Fact]
    public async Task Read_ExistingFileWithoutSlashEndingInSh_IsItsContent()
    {
        var name = $"{Guid.NewGuid():N}.sh";
        await File.WriteAllTextAsync(name, "echo sh", TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal("echo sh", await ReadAsync(name));
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Fact]
    public async Task Read_ExistingFileWithNeither_IsTheScript()
    {
        var name = Guid.NewGuid().ToString("N");
        await File.WriteAllTextAsync(name, "echo no", TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal(name, await ReadAsync(name));
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Theory]
    [InlineData("ls /root")]
    [InlineData("/no/such/file")]
    [InlineData("nothing.sh")]
    [InlineData("/")]
    [InlineData("")]
    public async Task Read_NoSuchFile_IsTheScript(string text) => Assert.Equal(text, await ReadAsync(text));

    [Fact]
    public async Task Read_InputIsNotUtf8_IsRefused()
    {
        var failure = await Assert.ThrowsAsync<CliException>(() => ReadAsync("-", [0xff, 0xfe]));

        Assert.Equal("the script in standard input is not UTF-8 text", failure.Message);
    }

    private Task<string> ReadAsync(string text, ReadOnlySpan<byte> input = default)
    {
        var stream = new MemoryStream(input.ToArray());
        var terminal = new Terminal(stream, _cli.Output, _cli.Error, _cli.Traits, _cli.Time);
        return ScriptSource.ReadAsync(text, terminal, TestContext.Current.CancellationToken);
    }
}
