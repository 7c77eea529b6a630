using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;

namespace Mags.Cli.Tests.Commands.Accounts;

public sealed class AccountCommandsTests : IAsyncLifetime
{
    private readonly CliHarness _cli = new();
    private ServerDouble _server = null!;

    public async ValueTask InitializeAsync() => _server = await ServerDouble.StartAsync();

    public ValueTask DisposeAsync()
    {
        _cli.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task Login_TokenIsGood_IsKeptForItsOwnerOnly()
    {
        var result = await _cli.RunAsync("login", _server.Url, "--token", ServerDouble.Token);

        Assert.Equal(new CliResult(0, $"Logged in to {_server.Url} as ada\n", ""), result);
        Assert.Equal(
            $$"""{"url":"{{_server.Url}}","token":"{{ServerDouble.Token}}"}""",
            await File.ReadAllTextAsync(_cli.LoginFile, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_cli.LoginFile));
    }

    [Fact]
    public async Task Login_TokenOnStandardInput_IsRead()
    {
        _cli.Input = ServerDouble.Token + "\n";

        await _cli.RunAsync("login", _server.Url);
        var result = await _cli.RunAsync("whoami");

        Assert.Equal($"User:    ada\nToken:   laptop\nServer:  {_server.Url}\nVersion: 0.1.0\n", result.Out);
    }

    [Fact]
    public async Task Login_TokenIsBad_IsNotKept()
    {
        var result = await _cli.RunAsync("login", _server.Url, "--token", "wrong");

        Assert.Equal(new CliResult(1, "", "mags: the token is not valid; log in again\n"), result);
        Assert.False(File.Exists(_cli.LoginFile));
    }

    [Fact]
    public async Task Login_NoToken_IsRefused()
    {
        var result = await _cli.RunAsync("login", _server.Url);

        Assert.Equal(new CliResult(2, "", "mags: no token was given\n"), result);
    }

    [Fact]
    public async Task Login_LocalServerComesFirst_SaysSo()
    {
        _cli.AddFile("home/client.json", """{"url":"http://127.0.0.1:1","token":"t"}""");

        var result = await _cli.RunAsync("login", _server.Url, "--token", ServerDouble.Token);

        Assert.Equal(
            $"mags: this machine's own server comes first: remove {_cli.Home}/client.json to use this login\n",
            result.Err);
    }

    [Fact]
    public async Task Logout_LoggedIn_Forgets()
    {
        await _cli.RunAsync("login", _server.Url, "--token", ServerDouble.Token);

        Assert.Equal(new CliResult(0, "Logged out\n", ""), await _cli.RunAsync("logout"));
        Assert.False(File.Exists(_cli.LoginFile));
        Assert.Equal(new CliResult(0, "There was no login\n", ""), await _cli.RunAsync("logout"));
    }

    [Fact]
    public async Task WhoAmI_AsJson_IsTheAnswer()
    {
        await _cli.RunAsync("login", _server.Url, "--token", ServerDouble.Token);

        var result = await _cli.RunAsync("whoami", "--json");

        Assert.Equal("""{"user":"ada","token":"laptop","version":"0.1.0"}""" + "\n", result.Out);
    }
}
