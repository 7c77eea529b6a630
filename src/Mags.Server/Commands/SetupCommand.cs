using System.CommandLine;
using System.Globalization;
using Mags.Machines;
using Mags.Server.Hosting;

namespace Mags.Server.Commands;

/// <summary><c>magsd setup</c>: makes what a server needs and is missing, and says what it does.</summary>
internal static class SetupCommand
{
    public static Command Create(ServerSettings settings)
    {
        var quiet = new Option<bool>("--quiet") { Description = "Says nothing unless something goes wrong." };
        var command = new Command("setup", "Makes kernel, default image and first template, where missing.") { quiet };
        command.SetAction((parsed, cancellationToken) =>
            ServerCommand.RunAsync(() => RunAsync(settings, parsed.GetValue(quiet), cancellationToken)));
        return command;
    }

    private static async Task RunAsync(ServerSettings settings, bool quiet, CancellationToken cancellationToken)
    {
        HomeFolder.Prepare(settings.Home);
        try
        {
            await using var app = MagsServer.BuildTool(settings);
            var progress = new LineProgress<SetupStep>(Console.Error, step => quiet ? null : Line(step));
            await app.Services.GetRequiredService<MachineSetup>().RunAsync(progress, cancellationToken);
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

    private static string Line(SetupStep step)
    {
        var time = step.Elapsed is { } elapsed
            ? string.Create(CultureInfo.InvariantCulture, $" ({elapsed.TotalSeconds:F1} s)")
            : "";
        return $"{step.Name}: {step.Detail}{time}";
    }
}
