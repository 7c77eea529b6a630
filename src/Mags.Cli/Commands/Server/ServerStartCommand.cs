using System.CommandLine;

namespace Mags.Cli.Commands.Server;

/// <summary><c>mags server start</c>: sets up what is missing and starts the server in the background.</summary>
internal sealed class ServerStartCommand : MagsCommand
{
    private readonly Option<string?> _listen = ServerCommand.Listen();

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON, as server status does" };

    public ServerStartCommand(CliContext context)
        : base("start", "Start the local server in the background", context)
    {
        Options.Add(_listen);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await Context.LocalServer.StartAsync(arguments.GetValue(_listen), cancellationToken);
        var status = await new ServerStatusReader(Context).ReadAsync(cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(status, CliJsonContext.Default.ServerStatus);
        }
        else
        {
            Context.Terminal.WriteLine($"The server runs at {status.Url} (pid {status.Pid})");
        }

        return ExitCodes.Success;
    }
}
