using System.CommandLine;

namespace Mags.Cli.Commands.Images;

/// <summary><c>mags image</c>.</summary>
internal sealed class ImageCommand : Command
{
    public ImageCommand(CliContext context)
        : base("image", "The images that sandboxes start from")
    {
        Subcommands.Add(new ImageListCommand(context));
        Subcommands.Add(new ImageBuildCommand(context));
    }
}
