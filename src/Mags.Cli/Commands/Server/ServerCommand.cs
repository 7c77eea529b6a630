using System.CommandLine;

namespace Mags.Cli.Commands.Server;

/// <summary><c>mags server</c>: the server of this machine that owns <c>MAGS_HOME</c>, whatever the login.</summary>
internal sealed class ServerCommand : Command
{
    public ServerCommand(CliContext context)
        : base("server", "The local server")
    {
        Subcommands.Add(new ServerStartCommand(context));
        Subcommands.Add(new ServerRunCommand(context));
        Subcommands.Add(new ServerStopCommand(context));
        Subcommands.Add(new ServerStatusCommand(context));
        Subcommands.Add(new ServerLogsCommand(context));
        Subcommands.Add(new ServerTokenCommand(context));
    }

    public static Option<string?> Listen() => new("--listen")
    {
        Description = "Address to listen on (default: MAGS_LISTEN, else http://127.0.0.1:7420)",
        HelpName = "URL",
    };
}
