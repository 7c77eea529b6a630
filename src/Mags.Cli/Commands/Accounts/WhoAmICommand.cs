using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Accounts;

/// <summary><c>mags whoami</c>.</summary>
internal sealed class WhoAmICommand : MagsCommand
{
    private readonly Option<bool> _json = CommandOptions.Json();

    public WhoAmICommand(CliContext context)
        : base("whoami", "Show whose token is used", context) => Options.Add(_json);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var who = await client.WhoAmIAsync(cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(who, MagsJsonContext.Default.WhoAmIResponse);
        }
        else
        {
            Context.Terminal.Fields(
                ("User", who.User), ("Token", who.Token), ("Server", client.BaseUrl), ("Version", who.Version));
        }

        return ExitCodes.Success;
    }
}
