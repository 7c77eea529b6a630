using System.Net;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Servers;

/// <summary><c>mags server</c> says what is so.</summary>
[Trait("Category", "Machine")]
public sealed class LifecycleTests(SharedServer shared)
{
    [Fact]
    public async Task Status_OfARunningServer_ShowsWhatItRunsOn()
    {
        var status = await Command.MagsAsync(shared.Home, "server", "status", "--json");

        var json = JsonNode.Parse(status.Stdout)!;
        Assert.Equal(0, status.ExitCode);
        Assert.True((bool)json["running"]!);
        Assert.Equal(await shared.Server.PidAsync(), (int)json["pid"]!);
        Assert.Equal(shared.Home, (string)json["home"]!);
        Assert.Matches("^(kvm|tcg)$", (string)json["accelerator"]!);
        Assert.Contains(json["images"]!.AsArray(), image => (string)image!["name"]! == "debian");
    }

    [Fact]
    public async Task Status_WithoutAServer_SaysNotRunning()
    {
        var home = Directory.CreateTempSubdirectory("mags-e2e-");
        try
        {
            var status = await Command.MagsAsync(home.FullName, "server", "status", "--json");

            Assert.False((bool)JsonNode.Parse(status.Stdout)!["running"]!);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Servers_WithTwoHomes_LiveSideBySide()
    {
        await using var other = await MagsServer.StartNewAsync();

        Assert.NotEqual(shared.Api.Http.BaseAddress, other.Api.Http.BaseAddress);
        Assert.Equal(["here"], (await other.Api.RunAsync("echo here")).Stdout);
        Assert.Equal(["there"], (await shared.Api.RunAsync("echo there")).Stdout);
    }

    [Fact]
    public async Task Token_OfTheServer_IsAcceptedAndAnotherIsNot()
    {
        var token = await Command.MagsAsync(shared.Home, "server", "token");
        using var http = new HttpClient { BaseAddress = shared.Api.Http.BaseAddress };

        http.DefaultRequestHeaders.Authorization = new("Bearer", token.Stdout.Trim());
        Assert.Equal(HttpStatusCode.OK, await GetJobsAsync(http));
        http.DefaultRequestHeaders.Authorization = new("Bearer", "mags_wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, await GetJobsAsync(http));
    }

    [Fact]
    public async Task Run_SecondServerOnTheSameHome_IsOneClearSentence()
    {
        var second = await Command.MagsAsync(shared.Home, "server", "run", "--listen", "http://127.0.0.1:0");

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains(shared.Home, second.Stderr, StringComparison.Ordinal);
        Assert.Single(second.Stderr.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Run_PortTaken_IsOneClearSentence()
    {
        var home = Directory.CreateTempSubdirectory("mags-e2e-");
        try
        {
            await MagsServer.SeedAsync(home.FullName);
            var taken = shared.Api.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

            var run = await Command.MagsAsync(home.FullName, "server", "run", "--listen", taken);

            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains(taken, run.Stderr, StringComparison.Ordinal);
            Assert.Single(run.Stderr.TrimEnd().Split('\n'));
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Run_HomeThatIsAFile_IsOneClearSentence()
    {
        var file = Path.GetTempFileName();
        try
        {
            var run = await Command.MagsAsync(Path.Combine(file, "home"), "server", "run");

            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains(file, run.Stderr, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<HttpStatusCode> GetJobsAsync(HttpClient http)
    {
        using var response = await http.GetAsync(new Uri("mags-jobs", UriKind.Relative), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
