using Mags.Cli.Servers;
using Mags.Cli.Tests.Fakes;

namespace Mags.Cli.Tests.Servers;

public sealed class ServerLocatorTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void Find_NothingThere_IsTheLocalServer() => Assert.Null(Find());

    [Fact]
    public void Find_OnlyALogin_IsThatServer()
    {
        AddLogin();

        Assert.Equal(new Credentials { Url = "http://login", Token = "l" }, Find());
    }

    [Fact]
    public void Find_LocalServerAndLogin_IsTheLocalServer()
    {
        AddLogin();
        AddLocalServer();

        Assert.Null(Find());
    }

    [Theory]
    [InlineData("MAGS_API_TOKEN")]
    [InlineData("MAGS_TOKEN")]
    public void Find_UrlAndTokenInEnvironment_ComeFirst(string tokenName)
    {
        AddLogin();
        AddLocalServer();
        _cli.Variables["MAGS_API_URL"] = "http://env";
        _cli.Variables[tokenName] = "e";

        Assert.Equal(new Credentials { Url = "http://env", Token = "e" }, Find());
    }

    [Fact]
    public void Find_BothTokensInEnvironment_TheLongerNameWins()
    {
        _cli.Variables["MAGS_API_URL"] = "http://env";
        _cli.Variables["MAGS_TOKEN"] = "short";
        _cli.Variables["MAGS_API_TOKEN"] = "long";

        Assert.Equal("long", Find()?.Token);
    }

    [Fact]
    public void Find_UrlWithoutToken_SaysWhatIsMissing()
    {
        AddLogin();
        _cli.Variables["MAGS_API_URL"] = "http://env";
        _cli.Variables["MAGS_API_TOKEN"] = "";

        var failure = Assert.Throws<CliException>(() => Find());

        Assert.StartsWith(
            "MAGS_API_URL is set, but neither MAGS_API_TOKEN nor MAGS_TOKEN is",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("no json")]
    [InlineData("""{"url":"http://login","token":""}""")]
    public void Find_LoginIsDamaged_NamesTheFile(string content)
    {
        _cli.AddFile("user/.mags/config.json", content);

        var failure = Assert.Throws<CliException>(() => Find());

        Assert.StartsWith($"{_cli.LoginFile} is damaged", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "/var/lib/mags")]
    [InlineData(false, "/home/ada/.local/share/mags")]
    public void Home_NotSet_DependsOnTheUser(bool isRoot, string home)
    {
        var variables = new Dictionary<string, string> { ["HOME"] = "/home/ada" };

        Assert.Equal(home, CliEnvironment.From(variables, isRoot).Home);
    }

    private void AddLogin() => _cli.AddFile("user/.mags/config.json", """{"url":"http://login","token":"l"}""");

    private void AddLocalServer() => _cli.AddFile("home/client.json", """{"url":"http://local","token":"c"}""");

    private Credentials? Find()
    {
        var environment = CliEnvironment.From(_cli.Variables, isRoot: true);
        return new ServerLocator(environment, new ServerHome(environment.Home)).FindRemote();
    }
}
