using System.CommandLine;
using Mags.Client;
using Mags.Contracts;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags logs JOB</c>.</summary>
internal sealed class LogsCommand : MagsCommand
{
    private readonly Argument<string> _job = CommandOptions.Job();

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Go on until the script ends",
    };

    private readonly Option<int?> _after = CommandOptions.Number(
        "--after", "SEQ", "Only lines after the one with this number", least: 0);

    private readonly Option<int?> _limit = CommandOptions.Number("--limit", "N", "At most so many lines");

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print JSON, as the API answers it; with --follow one entry a line, at last the end",
    };

    public LogsCommand(CliContext context)
        : base("logs", "Show a job's output", context)
    {
        Arguments.Add(_job);
        Options.Add(_follow);
        Options.Add(_after);
        Options.Add(_limit);
        Options.Add(_json);
        Validators.Add(result =>
        {
            if (result.GetValue(_follow) && result.GetResult(_limit) is not null)
            {
                result.AddError("--limit and --follow exclude each other");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var job = arguments.GetRequiredValue(_job);
        var after = arguments.GetValue(_after) ?? 0;
        var json = arguments.GetValue(_json);
        return arguments.GetValue(_follow)
            ? await FollowAsync(client, job, after, json, cancellationToken)
            : await ShowAsync(client, job, after, arguments.GetValue(_limit), json, cancellationToken);
    }

    private async Task<int> ShowAsync(
        MagsClient client, string job, int after, int? limit, bool json, CancellationToken cancellationToken)
    {
        var logs = await client.GetLogsAsync(job, after, limit, cancellationToken);
        if (json)
        {
            Context.Terminal.Json(logs, MagsJsonContext.Default.LogsResponse);
            return ExitCodes.Success;
        }

        var printer = new LogPrinter(Context.Terminal, json);
        foreach (var entry in logs.Logs)
        {
            printer.Print(entry);
        }

        Context.Terminal.Flush();
        return ExitCodes.Success;
    }

    private async Task<int> FollowAsync(
        MagsClient client, string job, int after, bool json, CancellationToken cancellationToken)
    {
        // A name means the newest job of that name: after a reconnect that could be another one.
        var id = (await client.GetJobAsync(job, cancellationToken)).RequestId;
        var end = await new LogPrinter(Context.Terminal, json).PrintAsync(
            client.FollowLogsAsync(id, after, cancellationToken), cancellationToken);
        if (json)
        {
            Context.Terminal.Json(end, MagsJsonContext.Default.JobEnd);
        }

        return ExitCodes.Success;
    }
}
