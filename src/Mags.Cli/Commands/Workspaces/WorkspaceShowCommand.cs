using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace show NAME</c>.</summary>
internal sealed class WorkspaceShowCommand : MagsCommand
{
    private readonly Argument<string> _name = CommandOptions.Workspace();

    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceShowCommand(CliContext context)
        : base("show", "Show a workspace", context)
    {
        Arguments.Add(_name);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var workspace = await client.GetWorkspaceAsync(arguments.GetRequiredValue(_name), cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(workspace, MagsJsonContext.Default.WorkspaceResponse);
        }
        else
        {
            Context.Terminal.Fields(WorkspaceView.Fields(workspace, Context.Time));
        }

        return ExitCodes.Success;
    }
}
