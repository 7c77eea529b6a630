using System.CommandLine;

namespace Mags.Cli.Commands.Server;

/// <summary><c>mags server run</c>: this process becomes the server, so that a supervisor's signals reach it.</summary>
internal sealed class ServerRunCommand : MagsCommand
{
    private readonly Option<string?> _listen = ServerCommand.Listen();

    public ServerRunCommand(CliContext context)
        : base("run", "Run the local server in the foreground", context) => Options.Add(_listen);

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        Context.Magsd.Become(arguments.GetValue(_listen) is { } listen ? ["run", "--listen", listen] : ["run"]);
        return Task.FromResult(ExitCodes.Failed);
    }
}
