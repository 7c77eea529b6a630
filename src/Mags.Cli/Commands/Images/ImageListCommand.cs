using System.CommandLine;
using Mags.Cli.Output;
using Mags.Contracts;

namespace Mags.Cli.Commands.Images;

/// <summary><c>mags image list</c>.</summary>
internal sealed class ImageListCommand : MagsCommand
{
    private const int ShortDigest = 19;

    private readonly Option<bool> _json = CommandOptions.Json();

    public ImageListCommand(CliContext context)
        : base("list", "List the images", context) => Options.Add(_json);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var list = await client.ListImagesAsync(cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(list, MagsJsonContext.Default.ImageListResponse);
            return ExitCodes.Success;
        }

        Context.Terminal.Table(
            ["NAME", "DIGEST", "SIZE", "BUILT", "TOOK", "DEFAULT"],
            [.. list.Images.Select(image => (IReadOnlyList<Cell>)
            [
                image.Name,
                image.Digest[..Math.Min(ShortDigest, image.Digest.Length)],
                Humanly.Size(image.SizeBytes),
                Humanly.Ago(image.BuiltAt, Context.Time),
                Humanly.Span(TimeSpan.FromSeconds(image.BuildSeconds)),
                image.Default ? "yes" : string.Empty,
            ])]);
        return ExitCodes.Success;
    }
}
