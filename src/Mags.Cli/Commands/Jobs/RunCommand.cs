using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags run</c>: submits a script, shows its output as it comes, and ends with its exit code.</summary>
internal sealed class RunCommand : MagsCommand
{
    // Any number of words is taken, to be able to say what is wrong with more than one.
    private readonly Argument<string[]> _script = new("SCRIPT")
    {
        Description = "The script; a file if it holds a / or ends in .sh, and exists; - reads standard input",
        Arity = ArgumentArity.ZeroOrMore,
        HelpName = "SCRIPT|FILE|-",
    };

    private readonly Option<bool> _detach = new("--detach", "-d")
    {
        Description = "Print the job's id and leave it running",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print each line of the log, and at last the job, as JSON; with --detach the answer",
    };

    private readonly Option<string[]> _files = new("--file", "-f")
    {
        Description = "File to place in /root before the script runs; also readable in /uploads. May be repeated",
        HelpName = "PATH",
    };

    private readonly RunOptions _job = new();

    public RunCommand(CliContext context)
        : base("run", "Run a script in a fresh sandbox; ends with the script's exit code", context)
    {
        Arguments.Add(_script);
        _job.AddTo(this);
        Options.Add(_files);
        Options.Add(_detach);
        Options.Add(_json);
        Validators.Add(result =>
        {
            switch (result.GetValue(_script)?.Length ?? 0)
            {
                case 0:
                    result.AddError("give a script, a file, or - for standard input: mags run 'echo Hello World'");
                    break;
                case > 1:
                    result.AddError("give the script as one word, in quotes: mags run 'echo Hello World'");
                    break;
            }
        });
    }

    protected override int FailureCode => ExitCodes.RunFailed;

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var text = arguments.GetRequiredValue(_script)[0];
        var script = await ScriptSource.ReadAsync(text, Context.Terminal, cancellationToken);
        var request = _job.ToRequest(arguments, script, Context.Environment.Variables);
        var json = arguments.GetValue(_json);
        using var files = UploadFiles.Open(arguments.GetValue(_files) ?? []);
        using var client = await Context.ConnectAsync(cancellationToken);
        request = request with { FileIds = await files.SendAsync(client, Context.Terminal, cancellationToken) };
        cancellationToken.ThrowIfCancellationRequested();

        // Not to be cut off half-way: a job that was accepted unseen could not be stopped.
        var accepted = await client.CreateJobAsync(request, CancellationToken.None);
        if (!arguments.GetValue(_detach))
        {
            return await new AttachedRun(client, accepted.RequestId, Context.Terminal, Context.Time, json)
                .FollowAsync(cancellationToken);
        }

        if (json)
        {
            Context.Terminal.Json(accepted, MagsJsonContext.Default.JobAccepted);
        }
        else
        {
            Context.Terminal.WriteLine(accepted.RequestId);
        }

        return ExitCodes.Success;
    }
}
