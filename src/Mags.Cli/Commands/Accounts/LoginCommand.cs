using System.CommandLine;
using Mags.Cli.Servers;
using Mags.Contracts;

namespace Mags.Cli.Commands.Accounts;

/// <summary><c>mags login URL</c>: keeps a remote server's URL and token, once the server has accepted them.</summary>
internal sealed class LoginCommand : MagsCommand
{
    private readonly Argument<string> _url = new("URL") { Description = "Address of the server" };

    private readonly Option<string?> _token = new("--token")
    {
        Description = "The token; without it, it is asked for, or read from standard input",
    };

    private readonly Option<bool> _json = CommandOptions.Json();

    public LoginCommand(CliContext context)
        : base("login", "Use a remote server from now on", context)
    {
        Arguments.Add(_url);
        Options.Add(_token);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var terminal = Context.Terminal;
        var token = arguments.GetValue(_token) ?? await terminal.ReadSecretAsync("Token: ", cancellationToken);
        if (token.Length == 0)
        {
            throw new CliException("no token was given", ExitCodes.Usage);
        }

        var credentials = new Credentials { Url = arguments.GetRequiredValue(_url), Token = token };
        using var client = Context.NewClient(credentials);
        var who = await client.WhoAmIAsync(cancellationToken);
        CredentialFile.Write(Context.Environment.LoginPath, credentials);
        if (arguments.GetValue(_json))
        {
            terminal.Json(who, MagsJsonContext.Default.WhoAmIResponse);
        }
        else
        {
            terminal.WriteLine($"Logged in to {client.BaseUrl} as {who.User}");
        }

        WarnIfNotUsed();
        return ExitCodes.Success;
    }

    private void WarnIfNotUsed()
    {
        if (Context.Environment.ApiUrl is not null)
        {
            Context.Terminal.Note("MAGS_API_URL is set and comes first: unset it to use this login");
        }
        else if (Context.UsesLocalServer)
        {
            Context.Terminal.Note(
                $"this machine's own server comes first: remove {Context.Home.ClientFile} to use this login");
        }
    }
}
