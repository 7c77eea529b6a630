using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mags.Server.Hosting;
using Mags.Server.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mags.Server.Tests.Fixtures;

/// <summary>A real server on a free port and a home folder of its own; only the hypervisor is a stand-in.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly ServerRunner _runner;
    private readonly HttpClient _http;
    private bool _stopped;

    private RunningServer(string home, FakeMachineHost machines, ServerRunner runner, string token)
    {
        (Home, Machines, _runner, Token) = (home, machines, runner, token);
        _http = new HttpClient { BaseAddress = new Uri(runner.Url), Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public string Home { get; }

    public FakeMachineHost Machines { get; }

    public string Token { get; }

    public string Url => _runner.Url;

    public HttpClient Http => _http;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="config">Text of its <c>config.json</c>; null for none. It stops without a grace unless it says one.</param>
    /// <param name="time">Its clock; null for the real one.</param>
    public static async Task<RunningServer> StartAsync(string? config = null, TimeProvider? time = null)
    {
        var home = Directory.CreateTempSubdirectory("mags-server-").FullName;
        var settings = JsonNode.Parse(config ?? "{}")!.AsObject();
        settings.TryAdd("Jobs", new JsonObject());
        settings["Jobs"]!.AsObject().TryAdd("StopGraceSeconds", 0);
        await File.WriteAllTextAsync(Path.Combine(home, "config.json"), settings.ToJsonString(), Cancelled);
        return await StartOnAsync(home, new FakeMachineHost(), time);
    }

    /// <summary>Stops, and drops its clients.</summary>
    public async Task StopAsync()
    {
        await StopServerAsync();
        _http.Dispose();
    }

    /// <summary>Stops as SIGTERM does, while clients are connected.</summary>
    public async Task StopServerAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _runner.DisposeAsync();
        }
    }

    /// <summary>Stops, then starts on the same home folder.</summary>
    public async Task<RunningServer> RestartAsync()
    {
        await StopAsync();
        return await StartOnAsync(Home, new FakeMachineHost());
    }

    /// <summary>
    /// Starts a server on what this one would leave if it were killed now: a copy of its files, taken while it runs.
    /// </summary>
    public async Task<RunningServer> StartAfterCrashAsync(Action<string>? damage = null)
    {
        var home = Directory.CreateTempSubdirectory("mags-crash-").FullName;
        foreach (var file in Directory.EnumerateFiles(Home, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) is not ("magsd.pid" or "silo.port" or "mags.db-shm"))
            {
                var copy = Path.Combine(home, Path.GetRelativePath(Home, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                await CopyAsync(file, copy);
            }
        }

        damage?.Invoke(home);
        return await StartOnAsync(home, new FakeMachineHost());
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (Directory.Exists(Home))
        {
            Directory.Delete(Home, recursive: true);
        }
    }

    /// <summary>Makes an image known, as its file in the home folder does.</summary>
    public void AddImage(string name) => Images.Add(Home, name);

    private static async Task<RunningServer> StartOnAsync(
        string home, FakeMachineHost machines, TimeProvider? time = null)
    {
        var settings = new ServerSettings(home, "http://127.0.0.1:0", "tcg");
        var runner = await ServerRunner.StartAsync(settings, TakePlaces, Cancelled);
        var client = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(home, "client.json"), Cancelled));
        return new RunningServer(home, machines, runner, client.RootElement.GetProperty("token").GetString()!);

        void TakePlaces(IServiceCollection services)
        {
            machines.TakePlace(services);
            if (time is not null)
            {
                services.Replace(ServiceDescriptor.Singleton(time));
            }
        }
    }

    private static async Task CopyAsync(string from, string to)
    {
        // Read beside the locks that SQLite and the log writers hold.
        await using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        await using var target = new FileStream(to, FileMode.CreateNew, FileAccess.Write);
        await source.CopyToAsync(target, Cancelled);
    }
}
