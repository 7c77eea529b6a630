using System.CommandLine;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace delete NAME</c>. Asks first; what is deleted is gone.</summary>
internal sealed class WorkspaceDeleteCommand : MagsCommand
{
    private readonly Argument<string> _name = CommandOptions.Workspace();

    private readonly Confirmation _confirmation = new();

    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceDeleteCommand(CliContext context)
        : base("delete", "Delete a workspace and what is in it", context)
    {
        Arguments.Add(_name);
        Options.Add(_confirmation.Force);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var name = arguments.GetRequiredValue(_name);
        if (!await _confirmation.AskAsync(
            arguments, $"Delete workspace '{name}'", " and all that is in it", Context.Terminal, cancellationToken))
        {
            return ExitCodes.Failed;
        }

        using var client = await Context.ConnectAsync(cancellationToken);
        var answer = await client.DeleteWorkspaceAsync(name, cancellationToken);
        Context.Terminal.Answer(answer, arguments.GetValue(_json));
        return ExitCodes.Success;
    }
}
