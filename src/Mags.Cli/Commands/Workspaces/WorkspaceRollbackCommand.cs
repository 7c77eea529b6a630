using System.CommandLine;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace rollback NAME</c>. Asks first; what the damaged snapshot held is gone.</summary>
internal sealed class WorkspaceRollbackCommand : MagsCommand
{
    private readonly Argument<string> _name = CommandOptions.Workspace();

    private readonly Confirmation _confirmation = new();

    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceRollbackCommand(CliContext context)
        : base(
            "rollback",
            "Go back to the snapshot before, when the newest one is damaged in the object store",
            context)
    {
        Arguments.Add(_name);
        Options.Add(_confirmation.Force);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var name = arguments.GetRequiredValue(_name);
        if (!await _confirmation.AskAsync(
            arguments,
            $"Roll back workspace '{name}'",
            " and lose what only its newest snapshot holds",
            Context.Terminal,
            cancellationToken))
        {
            return ExitCodes.Failed;
        }

        using var client = await Context.ConnectAsync(cancellationToken);
        Context.Terminal.Answer(
            await client.RollBackWorkspaceAsync(name, cancellationToken), arguments.GetValue(_json));
        return ExitCodes.Success;
    }
}
