using System.CommandLine;
using Mags.Contracts;
using Mags.Contracts.Workspaces;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace fork OLD NEW</c>.</summary>
internal sealed class WorkspaceForkCommand : MagsCommand
{
    private readonly Argument<string> _old = new("OLD") { Description = "Workspace to start from; it stays as it is" };

    private readonly Argument<string> _new = new("NEW") { Description = "Name of the new workspace" };

    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceForkCommand(CliContext context)
        : base("fork", "Make a workspace that starts from another as it is now; it costs no room", context)
    {
        Arguments.Add(_old);
        Arguments.Add(_new);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var request = new CreateWorkspaceRequest
        {
            WorkspaceId = arguments.GetRequiredValue(_new),
            BaseWorkspaceId = arguments.GetRequiredValue(_old),
        };
        var made = await client.CreateWorkspaceAsync(request, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(made, MagsJsonContext.Default.WorkspaceResponse);
        }
        else
        {
            Context.Terminal.WriteLine($"Workspace '{made.WorkspaceId}' starts from '{made.BaseWorkspaceId}'");
        }

        return ExitCodes.Success;
    }
}
