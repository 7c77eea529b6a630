using System.CommandLine;
using Mags.Cli.Servers;

namespace Mags.Cli.Commands.Server;

/// <summary><c>mags server token</c>: prints a token of the local server's first user, for scripts.</summary>
internal sealed class ServerTokenCommand : MagsCommand
{
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    public ServerTokenCommand(CliContext context)
        : base("token", "Print a token for the local server", context) => Options.Add(_json);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var token = CredentialFile.Read(Context.Home.ClientFile)?.Token ?? await MakeAsync(cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(new TokenText(token), CliJsonContext.Default.TokenText);
        }
        else
        {
            Context.Terminal.WriteLine(token);
        }

        return ExitCodes.Success;
    }

    private async Task<string> MakeAsync(CancellationToken cancellationToken)
    {
        Context.Home.Create();
        var (exitCode, output) = await Context.Magsd.RunAsync(["token"], cancellationToken);
        return exitCode == 0 ? output.Trim() : throw new CliException("the server's program gave no token");
    }
}
