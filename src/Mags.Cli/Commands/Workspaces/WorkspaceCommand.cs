using System.CommandLine;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace</c>.</summary>
internal sealed class WorkspaceCommand : Command
{
    public WorkspaceCommand(CliContext context)
        : base("workspace", "The disks that jobs go on with")
    {
        Subcommands.Add(new WorkspaceListCommand(context));
        Subcommands.Add(new WorkspaceShowCommand(context));
        Subcommands.Add(new WorkspaceForkCommand(context));
        Subcommands.Add(new WorkspaceExportCommand(context));
        Subcommands.Add(new WorkspaceImportCommand(context));
        Subcommands.Add(new WorkspaceRollbackCommand(context));
        Subcommands.Add(new WorkspaceDeleteCommand(context));
    }
}
