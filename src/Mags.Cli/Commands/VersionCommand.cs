using System.CommandLine;

namespace Mags.Cli.Commands;

/// <summary><c>mags version</c>: of this command; <c>mags server status</c> shows the server's.</summary>
internal sealed class VersionCommand : MagsCommand
{
    private readonly Option<bool> _json = CommandOptions.Json();

    public VersionCommand(CliContext context)
        : base("version", "Show the version of this command", context) => Options.Add(_json);

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(new VersionText(CliVersion.Text), CliJsonContext.Default.VersionText);
        }
        else
        {
            Context.Terminal.WriteLine($"mags {CliVersion.Text}");
        }

        return Task.FromResult(ExitCodes.Success);
    }
}
