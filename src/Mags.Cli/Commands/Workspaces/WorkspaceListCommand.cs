using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace list</c>.</summary>
internal sealed class WorkspaceListCommand : MagsCommand
{
    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceListCommand(CliContext context)
        : base("list", "List the workspaces", context) => Options.Add(_json);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var list = await client.ListWorkspacesAsync(cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(list, MagsJsonContext.Default.WorkspaceListResponse);
            return ExitCodes.Success;
        }

        Context.Terminal.Table(
            WorkspaceView.Heading,
            [.. list.Workspaces.Select(workspace => WorkspaceView.Row(workspace, Context.Time))]);
        return ExitCodes.Success;
    }
}
