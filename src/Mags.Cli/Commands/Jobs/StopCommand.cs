using System.CommandLine;
using Mags.Client;
using Mags.Client.Errors;
using Mags.Contracts.Workspaces;

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
        var sentence = await UnsyncedAsync(client, job, cancellationToken);
        Context.Terminal.Answer(answer, arguments.GetValue(_json));
        if (sentence is not null)
        {
            Context.Terminal.Note(sentence);
        }

        return ExitCodes.Success;
    }

    /// <summary>What is to be known of what the job kept, when not all of it is in the object store.</summary>
    private static async Task<string?> UnsyncedAsync(MagsClient client, string job, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetJobAsync(job, cancellationToken) switch
            {
                { SyncState: SyncStateNames.Pending } stopped =>
                    $"workspace '{stopped.WorkspaceId}' is not whole in the object store yet; its sync goes on",
                { SyncState: SyncStateNames.Error } stopped =>
                    $"workspace '{stopped.WorkspaceId}' is not whole in the object store, and its sync is tried again: "
                    + stopped.SyncError,
                _ => null,
            };
        }
        catch (MagsApiException)
        {
            // The job is stopped; this is only a courtesy.
            return null;
        }
    }
}
