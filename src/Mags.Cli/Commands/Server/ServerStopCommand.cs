using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Server;

/// <summary><c>mags server stop</c>.</summary>
internal sealed class ServerStopCommand : MagsCommand
{
    private readonly Option<bool> _json = CommandOptions.Json();

    public ServerStopCommand(CliContext context)
        : base("stop", "Stop the local server", context) => Options.Add(_json);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (await Context.LocalServer.StopAsync() is not { } pid)
        {
            throw new CliException(
                $"no server is running with MAGS_HOME {Context.Home.Root}", ExitCodes.NotRunning);
        }

        var message = $"Server stopped (pid {pid})";
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(
                new ActionResponse { Success = true, Message = message }, MagsJsonContext.Default.ActionResponse);
        }
        else
        {
            Context.Terminal.WriteLine(message);
        }

        return ExitCodes.Success;
    }
}
