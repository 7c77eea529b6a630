using System.CommandLine;
using System.Globalization;
using Mags.Cli.Output;
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
            ["WORKSPACE", "IMAGE", "DISK", "USED", "JOBS", "ACTIVE", "LAST USED", "BASE"],
            [.. list.Workspaces.Select(workspace => (IReadOnlyList<Cell>)
            [
                workspace.WorkspaceId,
                workspace.Image,
                string.Create(CultureInfo.InvariantCulture, $"{workspace.DiskGb} GiB"),
                Humanly.Size(workspace.SizeBytes),
                workspace.JobCount.ToString(CultureInfo.InvariantCulture),
                workspace.HasActive ? "yes" : string.Empty,
                Humanly.Ago(workspace.LastUsed, Context.Time),
                workspace.BaseWorkspaceId ?? string.Empty,
            ])]);
        return ExitCodes.Success;
    }
}
