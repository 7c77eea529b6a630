using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace delete NAME</c>. Asks first; what is deleted is gone.</summary>
internal sealed class WorkspaceDeleteCommand : MagsCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the workspace" };

    private readonly Option<bool> _force = new("--force") { Description = "Do not ask" };

    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceDeleteCommand(CliContext context)
        : base("delete", "Delete a workspace and what is in it", context)
    {
        Arguments.Add(_name);
        Options.Add(_force);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var name = arguments.GetRequiredValue(_name);
        if (!arguments.GetValue(_force) && !await ConfirmAsync(name, cancellationToken))
        {
            return ExitCodes.Failed;
        }

        using var client = await Context.ConnectAsync(cancellationToken);
        var answer = await client.DeleteWorkspaceAsync(name, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(answer, MagsJsonContext.Default.ActionResponse);
        }
        else
        {
            Context.Terminal.WriteLine(answer.Message);
        }

        return ExitCodes.Success;
    }

    private async Task<bool> ConfirmAsync(string name, CancellationToken cancellationToken)
    {
        if (!Context.Terminal.CanAsk)
        {
            throw new CliException(
                $"nobody can be asked here whether to delete workspace '{name}'; --force does not ask", ExitCodes.Usage);
        }

        var answer = await Context.Terminal.AskAsync(
            $"Delete workspace '{name}' and all that is in it? [y/N] ", cancellationToken);
        return answer.ToLowerInvariant() is "y" or "yes";
    }
}
