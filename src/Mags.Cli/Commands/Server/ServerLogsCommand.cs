using System.CommandLine;
using Mags.Cli.Servers;

namespace Mags.Cli.Commands.Server;

/// <summary><c>mags server logs</c>: what the server in the background has written.</summary>
internal sealed class ServerLogsCommand : MagsCommand
{
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on until interrupted" };

    public ServerLogsCommand(CliContext context)
        : base("logs", "Show the local server's log", context) => Options.Add(_follow);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var path = Context.Home.LogFile;
        if (!File.Exists(path))
        {
            throw new CliException($"there is no log: {path} does not exist");
        }

        using var log = new LogReader(path);
        await log.CopyToAsync(Context.Terminal, arguments.GetValue(_follow), cancellationToken);
        return ExitCodes.Success;
    }
}
