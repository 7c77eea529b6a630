using System.Net;
using System.Net.Http.Headers;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Access;

public sealed class BearerTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;

    [Theory]
    [InlineData(null, "no token: ")]
    [InlineData("Basic YTpi", "the Authorization header must be of the form `Bearer TOKEN`")]
    [InlineData("Bearer nonsense", "the token is unknown or was revoked")]
    [InlineData("Bearer mags_0000000000000000000000000000000000000000", "the token is unknown or was revoked")]
    public async Task Call_WithoutAValidToken_Is401ThatSaysWhy(string? header, string sentence)
    {
        var answer = await SendAsync("/api/v1/mags-jobs", header);

        Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), (answer.Status, answer.Code));
        Assert.StartsWith(sentence, answer.Error, StringComparison.Ordinal);
        Assert.Equal("Bearer", answer.Response.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData("/api/v1/no-such-thing")]
    [InlineData("/api/v2/mags-whoami")]
    [InlineData("/api/v1/mags-images")]
    [InlineData("/api/v1/mags-server")]
    [InlineData("/API/v1/mags-jobs")]
    public async Task Call_AnyPathOfTheApiWithoutToken_Is401(string path) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(path, null)).Status);

    [Fact]
    public async Task WhoAmI_FirstUsersToken_NamesUserTokenAndVersion()
    {
        var answer = await SendAsync("/api/v1/mags-whoami", $"bearer {_server.Token}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(("admin", "local"), (answer.Text("user"), answer.Text("token")));
        Assert.Matches(@"^\d+\.\d+\.\d+$", answer.Text("version"));
    }

    private async Task<Answer> SendAsync(string path, string? authorization)
    {
        using var http = new HttpClient();
        http.BaseAddress = new Uri(_server.Url);
        if (authorization is not null)
        {
            http.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(authorization);
        }

        return await Answer.OfAsync(
            await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));
    }
}
