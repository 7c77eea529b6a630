using System.CommandLine;
using System.CommandLine.Invocation;
using Mags.Cli.Output;

namespace Mags.Cli.Commands;

/// <summary><c>mags --version</c>.</summary>
internal sealed class VersionAction(Terminal terminal) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        terminal.WriteLine($"mags {CliVersion.Text}");
        return ExitCodes.Success;
    }
}
