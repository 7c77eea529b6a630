using Mags.Cli.Tests.Fakes;

namespace Mags.Cli.Tests.Commands;

public sealed class MagsRootCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_Asked_IsOneLine(string argument) =>
        Assert.Equal(new CliResult(0, "mags 0.1.0\n", ""), await _cli.RunAsync(argument));

    [Fact]
    public async Task Version_AsJson_IsAnObject() =>
        Assert.Equal("""{"version":"0.1.0"}""" + "\n", (await _cli.RunAsync("version", "--json")).Out);

    [Fact]
    public async Task NoCommand_ShowsHelpOnStandardErrorAndFails()
    {
        var result = await _cli.RunAsync();

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.Contains("Run a script in a fresh sandbox", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoSubcommand_ShowsItsHelpAndFails()
    {
        var result = await _cli.RunAsync("server");

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.Contains("Stop the local server", result.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mags bogus", "mags", "bogus")]
    [InlineData("mags server bogus", "mags server", "server", "bogus")]
    public async Task UnknownCommand_IsNamed(string named, string help, params string[] arguments)
    {
        var result = await _cli.RunAsync(arguments);

        Assert.Equal(
            new CliResult(2, "", $"mags: there is no command '{named}'\nmags: see {help} --help\n"), result);
    }

    [Fact]
    public async Task Help_Asked_IsOnStandardOutput()
    {
        var result = await _cli.RunAsync("stop", "--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.Contains(" stop <JOB> [options]", result.Out, StringComparison.Ordinal);
    }
}
