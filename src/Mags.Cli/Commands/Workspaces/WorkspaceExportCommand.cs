using System.CommandLine;
using System.Globalization;
using Mags.Cli.Output;
using Mags.Client;
using Mags.Client.Workspaces;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace export NAME FILE</c>.</summary>
internal sealed class WorkspaceExportCommand : MagsCommand
{
    private const string StandardOutput = "-";

    private readonly Argument<string> _name = CommandOptions.Workspace();

    private readonly Argument<string> _file = new("FILE")
    {
        Description = "File to write, which is there when it is whole; - is standard output",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Replace the file that is there" };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    public WorkspaceExportCommand(CliContext context)
        : base("export", "Write a workspace's disk as it was last sealed: a raw ext4 image, its zeros as holes", context)
    {
        Arguments.Add(_name);
        Arguments.Add(_file);
        Options.Add(_force);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var (name, path) = (arguments.GetRequiredValue(_name), arguments.GetRequiredValue(_file));
        if (path == StandardOutput)
        {
            var output = Context.Terminal.OpenOutput();
            using var direct = await Context.ConnectAsync(cancellationToken);
            Tell(name, path, await ExportAsync(direct, name, output, cancellationToken));
            return ExitCodes.Success;
        }

        await using var file = SparseFile.Create(path, arguments.GetValue(_force));
        using var client = await Context.ConnectAsync(cancellationToken);
        var disk = await ExportAsync(client, name, file, cancellationToken);
        file.Finish();
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(
                new ExportedWorkspace(name, path, disk.Image, disk.ImageDigest, disk.DiskGb),
                CliJsonContext.Default.ExportedWorkspace);
        }
        else
        {
            Context.Terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Workspace '{name}' is in {path}: {disk.DiskGb} GiB, image {disk.Image} ({disk.ImageDigest})"));
            Tell(name, path, disk);
        }

        return ExitCodes.Success;
    }

    private async Task<WorkspaceDisk> ExportAsync(
        MagsClient client, string name, Stream into, CancellationToken cancellationToken)
    {
        using var progress = Context.Terminal.StartProgress($"exporting {name}");
        var meter = Context.Terminal.IsInteractive ? new Meter(progress, null) : null;
        return await client.ExportWorkspaceAsync(name, into, meter, cancellationToken);
    }

    private void Tell(string name, string path, WorkspaceDisk disk) => Context.Terminal.Note(
        $"mags workspace import {name} {path} --image {disk.Image} makes a workspace of it");
}
