using System.CommandLine;
using Mags.Client;
using Mags.Contracts;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags new NAME</c>: a sandbox that stays, as a persistent job whose script does nothing.</summary>
internal sealed class NewCommand : MagsCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the sandbox and of its workspace" };

    private readonly Option<bool> _persistent = new("--persistent", "-p")
    {
        Description = "Keep the workspace in the object store too; without it, on the server's disk only",
    };

    private readonly Option<string?> _base = new("--base")
    {
        Description = "Workspace to start from; it stays as it is",
        HelpName = "ID",
    };

    private readonly Option<bool> _json = CommandOptions.Json();

    public NewCommand(CliContext context)
        : base("new", "Start a sandbox that stays until it is stopped, with a workspace of its name", context)
    {
        Arguments.Add(_name);
        Options.Add(_persistent);
        Options.Add(_base);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var name = arguments.GetRequiredValue(_name);
        using var client = await Context.ConnectAsync(cancellationToken);
        var request = new CreateJobRequest
        {
            Script = "true",
            Type = "inline",
            Name = name,
            WorkspaceId = name,
            BaseWorkspaceId = arguments.GetValue(_base),
            Persistent = true,
            NoSync = arguments.GetValue(_persistent) ? null : true,
        };

        // Not to be cut off half-way: a job that was accepted unseen could not be stopped.
        var accepted = await client.CreateJobAsync(request, CancellationToken.None);
        var job = await UpAsync(client, accepted.RequestId, cancellationToken);
        if (job.Status is JobStatusNames.Error or JobStatusNames.Completed)
        {
            throw new CliException(job.Error ?? $"sandbox '{name}' was stopped before it was up");
        }

        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(job, MagsJsonContext.Default.JobResponse);
        }
        else
        {
            Context.Terminal.WriteLine(job.RequestId);
            Context.Terminal.Note($"sandbox '{name}' is up and keeps its disk in workspace '{name}'; `mags stop {name}` ends it");
        }

        return ExitCodes.Success;
    }

    /// <summary>Waits until the sandbox has run its script. Interrupted, the sandbox is not wanted any more.</summary>
    private async Task<JobResponse> UpAsync(MagsClient client, string id, CancellationToken cancellationToken)
    {
        using var progress = Context.Terminal.StartProgress("waiting for the sandbox");
        try
        {
            await foreach (var next in client.FollowLogsAsync(id, 0, cancellationToken))
            {
                if (next.End is not null)
                {
                    break;
                }
            }

            return await client.GetJobAsync(id, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await client.StopJobAsync(id, CancellationToken.None);
            throw;
        }
    }
}
