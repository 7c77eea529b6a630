using System.Diagnostics;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench;

/// <summary>
/// A server of the benchmark's own: kernel, images and templates are hard links to the prepared home's, everything
/// else is new and goes with it.
/// </summary>
internal sealed class PrivateServer : IAsyncDisposable
{
    private static readonly string[] _prepared =
        ["kernel", "initramfs", "images", "templates", "blanks", "accelerator.json", "tsc.json"];

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

    private readonly BenchOptions _options;
    private readonly string _home;

    private PrivateServer(BenchOptions options, string home) => (_options, _home) = (options, home);

    public MagsClient Client { get; private set; } = null!;

    /// <summary>The folder of all that it writes.</summary>
    public string Home => _home;

    /// <summary>Where it answers.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Its user's token.</summary>
    public string Token { get; private set; } = "";

    /// <param name="options">Where the programs and the prepared home are.</param>
    /// <param name="settings">Its <c>config.json</c>.</param>
    /// <param name="stored">How many ended jobs it has from the start.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PrivateServer> StartAsync(
        BenchOptions options, JsonObject settings, int stored, CancellationToken cancellationToken)
    {
        var server = new PrivateServer(options, Directory.CreateTempSubdirectory("mags-bench-").FullName);
        try
        {
            await server.PrepareAsync(settings, cancellationToken);
            await Api.StoredJobs.AddAsync(Path.Combine(server._home, "mags.db"), stored, cancellationToken);
            await server.StartAgainAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server on the home as it is, and has a client for it.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (await MagsAsync("server", "start", "--listen", "http://127.0.0.1:0") != 0)
        {
            throw new InvalidOperationException("the server did not start");
        }

        var file = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_home, "client.json"), cancellationToken))!;
        (Url, Token) = ((string)file["url"]!, (string)file["token"]!);
        Client?.Dispose();
        Client = new MagsClient(new MagsClientOptions { BaseUrl = Url, Token = Token });
    }

    /// <summary>Changes its settings, from its next start on.</summary>
    public Task ConfigureAsync(JsonObject settings, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(Path.Combine(_home, "config.json"), settings.ToJsonString(), cancellationToken);

    /// <summary>Stops the server as a user does.</summary>
    public Task StopAsync() => MagsAsync("server", "stop");

    /// <summary>Ends the server as a crash would (<c>kill -9</c>) and waits until it is gone.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        using var process = Process.GetProcessById((await Client.GetServerAsync(cancellationToken)).Pid);
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Starts jobs that do nothing for long, and waits until all of them do it.</summary>
    public async Task RunSleepersAsync(int count, CancellationToken cancellationToken)
    {
        var request = new CreateJobRequest { Type = "inline", Script = "echo up; sleep 3600", Timeout = 7200 };
        var jobs = await Task.WhenAll(
            Enumerable.Range(0, count).Select(_ => Client.CreateJobAsync(request, cancellationToken)));
        await Task.WhenAll(jobs.Select(async job =>
        {
            await foreach (var step in Client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
            {
                if (step.Entry is not null)
                {
                    return;
                }
            }

            var ended = await Client.GetJobAsync(job.RequestId, cancellationToken);
            throw new InvalidOperationException($"A job that should sleep ended: {ended.Error}");
        }));
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await StopAsync();
        Directory.Delete(_home, recursive: true);
    }

    /// <summary>Waits until so many hot machines wait for a job.</summary>
    public async Task WaitForHotAsync(int count, CancellationToken cancellationToken)
    {
        while ((await Client.GetServerAsync(cancellationToken)).Pool!.HotVms < count)
        {
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    private async Task PrepareAsync(JsonObject settings, CancellationToken cancellationToken)
    {
        foreach (var source in _prepared.Select(name => Path.Combine(_options.Home, name)).Where(Path.Exists))
        {
            await RunAsync("cp", ["-al", source, _home]);
        }

        await ConfigureAsync(settings, cancellationToken);
    }

    private Task<int> MagsAsync(params string[] arguments) => RunAsync(_options.Mags, arguments);

    private async Task<int> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            Environment = { ["MAGS_HOME"] = _home },
            RedirectStandardOutput = true,
        };
        if (_options.S3)
        {
            foreach (var (name, value) in S3Server.Environment)
            {
                start.Environment[name] = value;
            }
        }

        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            await Console.Error.WriteLineAsync($"bench: {program} {string.Join(' ', arguments)}: {process.ExitCode}");
        }

        return process.ExitCode;
    }
}
