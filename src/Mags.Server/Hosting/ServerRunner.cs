using System.Diagnostics;
using Mags.Data;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>A server from start to stop.</summary>
internal sealed partial class ServerRunner : IAsyncDisposable
{
    private readonly InstanceLock _lock;
    private readonly WebApplication _app;

    private ServerRunner(ServerSettings settings, Action<IServiceCollection>? replace)
    {
        _lock = InstanceLock.Take(settings.Home);
        try
        {
            _app = MagsServer.Build(settings, replace);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>Where it listens, as a client on this machine reaches it.</summary>
    public string Url => ReachableUrl(_app.Services.GetRequiredService<IServer>()
        .Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());

    /// <summary>Starts a server. When this returns it listens, and <c>client.json</c> says where.</summary>
    /// <param name="settings">Home folder and what overrides its settings.</param>
    /// <param name="replace">Puts other services in place: a test's stand-in for the hypervisor.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="ServerException">It cannot be started, for a reason that its user can change.</exception>
    public static async Task<ServerRunner> StartAsync(
        ServerSettings settings, Action<IServiceCollection>? replace, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        ServerRunner? runner = null;
        try
        {
            HomeFolder.Prepare(settings.Home);
            runner = new ServerRunner(settings, replace);
            ListenAddress.RequireFree(runner._app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.Listen);
            await runner.StartAsync(settings.Home, cancellationToken);
            LogListening(
                runner._app.Logger, runner.Url, settings.Home, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            return runner;
        }
        catch (Exception exception)
        {
            if (runner is not null)
            {
                await runner.GiveUpAsync();
            }

            if (StartFaults.Translate(exception, settings) is { } fault)
            {
                throw fault;
            }

            throw;
        }
    }

    /// <summary>Waits until the server was told to stop (SIGTERM, SIGINT) and has done so.</summary>
    public Task WaitAsync() => _app.WaitForShutdownAsync();

    /// <summary>Stops it: no more jobs are taken, running ones get a grace and are ended, then it no longer listens.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _lock.Dispose();
    }

    /// <summary>Ends what a failed start has begun: processes and ports must not be left.</summary>
    private async Task GiveUpAsync()
    {
        try
        {
            await DisposeAsync();
        }
#pragma warning disable CA1031 // What made the start fail counts; that a part of it cannot be stopped is its consequence.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotStopped(_app.Logger, exception);
        }
        finally
        {
            _lock.Dispose();
        }
    }

    private async Task StartAsync(string home, CancellationToken cancellationToken)
    {
        await _app.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
        var token = await _app.Services.GetRequiredService<FirstUser>().EnsureTokenAsync(cancellationToken);
        _app.Urls.Add(_app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.Listen);
        await _app.StartAsync(cancellationToken);
        var stop = _app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
        await new ClientFile(Url, token, (int)stop.TotalSeconds).WriteAsync(home, cancellationToken);
    }

    private static string ReachableUrl(string bound) => new UriBuilder(bound) is { Host: "0.0.0.0" or "[::]" } any
        ? $"{any.Scheme}://127.0.0.1:{any.Port}"
        : bound;

    [LoggerMessage(LogLevel.Warning, "A part of the server could not be stopped after its start had failed")]
    private static partial void LogNotStopped(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "Listening on {Url} with home {Home}, {Milliseconds:F0} ms after the start")]
    private static partial void LogListening(ILogger logger, string url, string home, double milliseconds);
}
