using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags status [JOB]</c>.</summary>
internal sealed class StatusCommand : MagsCommand
{
    private readonly Argument<string?> _job = new("JOB")
    {
        Description = "Job id or name; without it the newest job",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _json = CommandOptions.Json();

    public StatusCommand(CliContext context)
        : base("status", "Show a job", context)
    {
        Arguments.Add(_job);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var name = arguments.GetValue(_job) ?? await FindNewestAsync(client, cancellationToken);
        var job = await client.GetJobAsync(name, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(job, MagsJsonContext.Default.JobResponse);
        }
        else
        {
            Context.Terminal.Fields(JobView.Fields(job, Context.Time));
        }

        return ExitCodes.Success;
    }

    private static async Task<string> FindNewestAsync(Client.MagsClient client, CancellationToken cancellationToken)
    {
        var newest = await client.ListJobsAsync(1, 1, cancellationToken);
        return newest.Jobs.Count > 0
            ? newest.Jobs[0].RequestId
            : throw new CliException("there are no jobs yet: mags run 'echo Hello World' makes one");
    }
}
