using System.CommandLine;
using Mags.Cli.Commands.Accounts;
using Mags.Cli.Commands.Images;
using Mags.Cli.Commands.Jobs;
using Mags.Cli.Commands.Server;
using Mags.Cli.Commands.Workspaces;

namespace Mags.Cli.Commands;

/// <summary>The table of contents.</summary>
internal sealed class MagsRootCommand : RootCommand
{
    public MagsRootCommand(CliContext context)
        : base("Runs shell scripts in fresh sandboxes.")
    {
        var version = Options.OfType<VersionOption>().Single();
        version.Action = new VersionAction(context.Terminal);

        Subcommands.Add(new RunCommand(context));
        Subcommands.Add(new NewCommand(context));
        Subcommands.Add(new StatusCommand(context));
        Subcommands.Add(new LogsCommand(context));
        Subcommands.Add(new ListCommand(context));
        Subcommands.Add(new StopCommand(context));
        Subcommands.Add(new SyncCommand(context));
        Subcommands.Add(new ResizeCommand(context));
        Subcommands.Add(new WorkspaceCommand(context));
        Subcommands.Add(new ImageCommand(context));
        Subcommands.Add(new ServerCommand(context));
        Subcommands.Add(new LoginCommand(context));
        Subcommands.Add(new LogoutCommand(context));
        Subcommands.Add(new WhoAmICommand(context));
        Subcommands.Add(new VersionCommand(context));
    }
}
