using System.Net.Http.Headers;
using System.Text;
using Mags.Data.Accounts;
using Mags.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Server.Tests.Fixtures;

/// <summary>A second user of a server, who must see nothing of what the first one has.</summary>
internal sealed class OtherUser : IAsyncDisposable
{
    private readonly HttpClient _http;

    private OtherUser(RunningServer server, string token)
    {
        _http = new HttpClient { BaseAddress = new Uri(server.Url) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Adds one as a command beside the running server would.</summary>
    public static async Task<OtherUser> AddAsync(RunningServer server)
    {
        await using var tool = MagsServer.BuildTool(new ServerSettings(server.Home, "http://127.0.0.1:0", "tcg"));
        var accounts = tool.Services.GetRequiredService<AccountStore>();
        var user = await accounts.EnsureUserAsync($"other-{Guid.NewGuid():N}", Cancelled);
        return new OtherUser(server, await accounts.CreateTokenAsync(user.Id, "test", Cancelled));
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        return await Answer.OfAsync(await _http.SendAsync(request, Cancelled));
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
