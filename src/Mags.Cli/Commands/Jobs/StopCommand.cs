using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags stop JOB</c>.</summary>
internal sealed class StopCommand : MagsCommand
{
    private readonly Argument<string> _job = CommandOptions.Job();

    private readonly Option<bool> _json = CommandOptions.Json();

    public StopCommand(CliContext context)
        : base("stop", "End a job", context)
    {
        Arguments.Add(_job);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var job = arguments.GetRequiredValue(_job);
        using var progress = Context.Terminal.StartProgress($"stopping {job}");
        var answer = await client.StopJobAsync(job, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(answer, MagsJsonContext.Default.ActionResponse);
        }
        else
        {
            Context.Terminal.WriteLine(answer.Message);
        }

        return ExitCodes.Success;
    }
}
