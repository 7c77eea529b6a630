using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Mags.Cli.Commands;

namespace Mags.Cli;

/// <summary>The whole command: parses, runs, and turns what went wrong into a sentence and an exit code.</summary>
internal sealed class CliApp(CliContext context)
{
    // "@" begins no file name here: a script or value may start with it.
    private static readonly ParserConfiguration _parser = new() { ResponseFileTokenReplacer = null };

    public async Task<int> InvokeAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var parsed = new MagsRootCommand(context).Parse(arguments, _parser);
        var terminal = context.Terminal;
        try
        {
            if (parsed.Action is not (HelpAction or VersionAction) && Mistakes(parsed).Any())
            {
                return await ExplainAsync(parsed, arguments);
            }

            var (exitCode, text) = await InvokeAsync(parsed, cancellationToken);
            terminal.WriteText(text);
            return exitCode;
        }
        catch (CliException e) when (e.ExitCode == ExitCodes.OutputClosed)
        {
            return ExitCodes.OutputClosed;
        }
        catch (CliException e)
        {
            terminal.Error(e.Message);
            return e.ExitCode ?? ExitCodes.Failed;
        }
#pragma warning disable CA1031 // The edge: whatever a command did not foresee still ends with a message and a code.
        catch (Exception e)
#pragma warning restore CA1031
        {
            terminal.Error($"internal error: {e}");
            return ExitCodes.Failed;
        }
    }

    /// <summary>Runs what was parsed; the text is what the parser itself has to say: help.</summary>
    private static async Task<(int ExitCode, string Text)> InvokeAsync(
        ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var text = new StringWriter { NewLine = "\n" };
        var invocation = new InvocationConfiguration
        {
            Output = text,
            Error = text,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        var exitCode = await parsed.InvokeAsync(invocation, cancellationToken);
        return (exitCode, text.ToString());
    }

    private async Task<int> ExplainAsync(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        var terminal = context.Terminal;
        var command = parsed.CommandResult.Command;
        if (parsed.Tokens.Count == 0 || command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            // "mags" or "mags server" alone: what it can do is the best answer.
            var help = new MagsRootCommand(context).Parse([.. arguments, "--help"], _parser);
            terminal.WriteErrorText((await InvokeAsync(help, CancellationToken.None)).Text);
            return ExitCodes.Usage;
        }

        foreach (var sentence in Mistakes(parsed))
        {
            terminal.Error(sentence);
        }

        terminal.Note($"see {Name(command)} --help");
        return ExitCodes.Usage;
    }

    private static IEnumerable<string> Mistakes(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count > 0)
        {
            return [$"there is no command '{Name(command)} {parsed.UnmatchedTokens[0]}'"];
        }

        return parsed.Errors.Select(e => e.Message.TrimEnd('.')).Concat(UnknownOptions(parsed)).Distinct();
    }

    /// <summary>
    /// The parser takes an option that it does not know for an argument: <c>run --detahc</c> would be a script.
    /// </summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        var afterDashes = parsed.Tokens.Reverse().TakeWhile(t => t.Type != TokenType.DoubleDash).Count();
        var exempt = afterDashes == parsed.Tokens.Count ? 0 : afterDashes;
        return parsed.CommandResult.Tokens
            .SkipLast(exempt)
            .Where(t => t.Value is ['-', _, ..])
            .Select(t => $"there is no option '{t.Value}' (a word that starts with - goes after --)");
    }

    private static string Name(Command command)
    {
        var parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "mags" : $"{Name(parent)} {command.Name}";
    }
}
