using System.CommandLine;
using System.Text.Json;
using Mags.Cli.Output;
using Mags.Contracts;
using Mags.Contracts.Images;

namespace Mags.Cli.Commands.Images;

/// <summary><c>mags image build NAME</c>: on the local server's machine, with its program.</summary>
internal sealed class ImageBuildCommand : MagsCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the image's recipe" };

    private readonly Option<string?> _rootfs = new("--rootfs")
    {
        Description = "Root file system to start from, as a tar file, instead of downloading it",
        HelpName = "FILE",
    };

    private readonly Option<bool> _json = CommandOptions.Json();

    public ImageBuildCommand(CliContext context)
        : base("build", "Build an image on this machine", context)
    {
        Arguments.Add(_name);
        Options.Add(_rootfs);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (!Context.UsesLocalServer)
        {
            throw new CliException("images are built on the server's own machine; the server in use is a remote one");
        }

        List<string> build = ["image", "build", arguments.GetRequiredValue(_name)];
        if (arguments.GetValue(_rootfs) is { } rootfs)
        {
            build.AddRange(["--rootfs", Path.GetFullPath(rootfs)]);
        }

        Context.Home.Create();
        var (exitCode, output) = await Context.Magsd.RunAsync(build, cancellationToken);
        if (exitCode != 0)
        {
            // It has said why on standard error.
            return ExitCodes.Failed;
        }

        if (arguments.GetValue(_json))
        {
            Context.Terminal.WriteLine(output.TrimEnd());
        }
        else
        {
            var image = Parse(output);
            Context.Terminal.Fields(
                ("Image", image.Name),
                ("Digest", image.Digest),
                ("Size", Humanly.Size(image.SizeBytes)),
                ("Took", Humanly.Span(TimeSpan.FromSeconds(image.BuildSeconds))));
        }

        return ExitCodes.Success;
    }

    private static ImageResponse Parse(string output)
    {
        try
        {
            return JsonSerializer.Deserialize(output, MagsJsonContext.Default.ImageResponse)
                ?? throw new CliException("the build said nothing about its image");
        }
        catch (JsonException e)
        {
            throw new CliException($"the build's answer cannot be read: {output.Trim()}", innerException: e);
        }
    }
}
