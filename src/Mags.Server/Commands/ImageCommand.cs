using System.CommandLine;
using System.Text.Json;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Server.Hosting;
using Mags.Server.Images;
using Microsoft.Extensions.Options;

namespace Mags.Server.Commands;

/// <summary><c>magsd image build</c>: builds an image into the home folder; a running server sees it at once.</summary>
internal static class ImageCommand
{
    public static Command Create(ServerSettings settings)
    {
        var name = new Argument<string>("name") { Description = "Name of a recipe in images/." };
        var rootfs = new Option<string?>("--rootfs") { Description = "Local root file system archive to start from." };
        var build = new Command("build", "Builds an image.") { name, rootfs };
        build.SetAction((parsed, cancellationToken) => ServerCommand.RunAsync(() => BuildAsync(
            settings, parsed.GetRequiredValue(name), parsed.GetValue(rootfs), cancellationToken)));
        return new Command("image", "Images that sandboxes start from.") { build };
    }

    private static async Task BuildAsync(
        ServerSettings settings, string name, string? rootfs, CancellationToken cancellationToken)
    {
        HomeFolder.Prepare(settings.Home);
        try
        {
            await using var app = MagsServer.BuildTool(settings);
            var progress = new LineProgress<string>(Console.Error, line => line);
            var image = await app.Services.GetRequiredService<ImageBuilder>()
                .BuildAsync(name, rootfs, progress, cancellationToken);
            var machines = app.Services.GetRequiredService<IOptions<MachinesOptions>>().Value;
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(
                ImagesApi.ToResponse(image, machines), ServerJson.Context.ImageResponse));
        }
        catch (MachineException exception)
        {
            throw new ServerException(ExitCode.Fault, exception.Message, exception);
        }
        catch (Exception exception) when (StartFaults.Translate(exception, settings) is { } fault)
        {
            throw fault;
        }
    }
}
