using System.CommandLine;
using Mags.Cli.Output;

namespace Mags.Cli.Commands;

/// <summary>The question before something that cannot be taken back, and <c>--force</c>, which does not ask it.</summary>
internal sealed class Confirmation
{
    public Option<bool> Force { get; } = new("--force") { Description = "Do not ask" };

    /// <summary>Whether it is to be done.</summary>
    /// <param name="arguments">What was given.</param>
    /// <param name="what">What is to be done, as in: Delete workspace 'w'.</param>
    /// <param name="consequence">What that means, which ends the question.</param>
    /// <param name="terminal">Where to ask.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CliException">Nobody can be asked.</exception>
    public async Task<bool> AskAsync(
        ParseResult arguments, string what, string consequence, Terminal terminal, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(Force))
        {
            return true;
        }

        if (!terminal.CanAsk)
        {
            throw new CliException(
                $"nobody can be asked here whether to {char.ToLowerInvariant(what[0])}{what[1..]}; --force does not ask",
                ExitCodes.Usage);
        }

        var answer = await terminal.AskAsync($"{what}{consequence}? [y/N] ", cancellationToken);
        return answer.ToLowerInvariant() is "y" or "yes";
    }
}
