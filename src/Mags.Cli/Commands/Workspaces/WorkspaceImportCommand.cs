using System.CommandLine;
using System.Globalization;
using Mags.Cli.Output;
using Mags.Client.Workspaces;
using Mags.Contracts;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags workspace import NAME FILE</c>.</summary>
internal sealed class WorkspaceImportCommand : MagsCommand
{
    private const string StandardInput = "-";
    private const long BytesPerGib = 1L << 30;

    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new workspace" };

    private readonly Argument<string> _file = new("FILE")
    {
        Description = "Raw image of an ext4 file system, as export writes it; - is standard input",
    };

    private readonly Option<string?> _image = new("--image")
    {
        Description = "Image that it lies over (default: the server's)",
        HelpName = "NAME",
    };

    private readonly Option<string?> _digest = new("--image-digest")
    {
        Description = "Digest of that image (default: what its name means now)",
        HelpName = "DIGEST",
    };

    private readonly Option<int?> _disk = CommandOptions.Number(
        "--disk", "GB", "Size of the disk in GiB, which a FILE tells by itself");

    private readonly Option<bool> _json = CommandOptions.Json();

    public WorkspaceImportCommand(CliContext context)
        : base("import", "Make a workspace of a disk", context)
    {
        Arguments.Add(_name);
        Arguments.Add(_file);
        Options.Add(_image);
        Options.Add(_digest);
        Options.Add(_disk);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var (name, path) = (arguments.GetRequiredValue(_name), arguments.GetRequiredValue(_file));
        await using var disk = path == StandardInput ? Context.Terminal.OpenInput() : Open(path);
        long? length = disk is FileStream { CanSeek: true } file ? file.Length : null;
        var options = new ImportOptions
        {
            Image = arguments.GetValue(_image),
            ImageDigest = arguments.GetValue(_digest),
            DiskGb = arguments.GetValue(_disk) ?? GibOf(length),
        };
        using var client = await Context.ConnectAsync(cancellationToken);
        using var progress = Context.Terminal.StartProgress($"importing {name}");
        var meter = Context.Terminal.IsInteractive ? new Meter(progress, length) : null;
        var made = await client.ImportWorkspaceAsync(name, disk, options, meter, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(made, MagsJsonContext.Default.WorkspaceResponse);
        }
        else
        {
            Context.Terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Workspace '{made.WorkspaceId}' is made: {made.DiskGb} GiB, image {made.Image}"));
        }

        return ExitCodes.Success;
    }

    /// <summary>Null where a file is no whole disk: the server says best what it is instead.</summary>
    private static int? GibOf(long? length) =>
        length is { } bytes and > 0 && bytes % BytesPerGib == 0 ? (int)Math.Min(int.MaxValue, bytes / BytesPerGib) : null;

    private static FileStream Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CliException($"{path} is a folder; name a file");
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        }
        catch (FileNotFoundException)
        {
            throw new CliException($"there is no file {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {path}: {e.Message}", innerException: e);
        }
    }
}
