using System.CommandLine;
using Mags.Server.Hosting;

namespace Mags.Server.Commands;

/// <summary><c>magsd run</c>: the server in the foreground, until SIGTERM or SIGINT.</summary>
internal static class RunCommand
{
    public static Command Create(ServerSettings settings)
    {
        var listen = new Option<string?>("--listen")
        {
            Description = "URL to listen on; default MAGS_LISTEN, config.json, then http://127.0.0.1:7420",
        };
        var command = new Command("run", "Runs the server until it is told to stop.") { listen };
        command.SetAction((parsed, _) => ServerCommand.RunAsync(async () =>
        {
            var chosen = settings with { Listen = parsed.GetValue(listen) ?? settings.Listen };
            await using var server = await ServerRunner.StartAsync(chosen, replace: null, CancellationToken.None);
            await server.WaitAsync();
        }));
        return command;
    }
}
