using System.CommandLine;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags sync JOB</c>.</summary>
internal sealed class SyncCommand : MagsCommand
{
    private readonly Argument<string> _job = CommandOptions.Job();

    private readonly Option<bool> _json = CommandOptions.Json();

    public SyncCommand(CliContext context)
        : base("sync", "Bring what a persistent job has written to the object store now; it goes on", context)
    {
        Arguments.Add(_job);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        Context.Terminal.Answer(
            await client.SyncJobAsync(arguments.GetRequiredValue(_job), cancellationToken), arguments.GetValue(_json));
        return ExitCodes.Success;
    }
}
