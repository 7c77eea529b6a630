using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Accounts;

/// <summary><c>mags logout</c>: forgets the remote server.</summary>
internal sealed class LogoutCommand : MagsCommand
{
    private readonly Option<bool> _json = CommandOptions.Json();

    public LogoutCommand(CliContext context)
        : base("logout", "Forget the remote server", context) => Options.Add(_json);

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var path = Context.Environment.LoginPath;
        var message = File.Exists(path) ? "Logged out" : "There was no login";
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Never logged in: there is nothing to forget.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot remove {path}: {e.Message}", innerException: e);
        }

        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(
                new ActionResponse { Success = true, Message = message }, MagsJsonContext.Default.ActionResponse);
        }
        else
        {
            Context.Terminal.WriteLine(message);
        }

        return Task.FromResult(ExitCodes.Success);
    }
}
