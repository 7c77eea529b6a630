using System.CommandLine;
using Mags.Contracts;

namespace Mags.Cli.Commands.Jobs;

/// <summary><c>mags list</c>.</summary>
internal sealed class ListCommand : MagsCommand
{
    private readonly Option<int?> _page = CommandOptions.Number("--page", "N", "Page, from 1 (default: 1)");

    private readonly Option<int?> _pageSize = CommandOptions.Number(
        "--page-size", "N", "Jobs per page, at most 100 (default: 20)");

    private readonly Option<bool> _json = CommandOptions.Json();

    public ListCommand(CliContext context)
        : base("list", "List jobs, newest first", context)
    {
        Options.Add(_page);
        Options.Add(_pageSize);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var list = await client.ListJobsAsync(
            arguments.GetValue(_page) ?? 1, arguments.GetValue(_pageSize) ?? 20, cancellationToken);
        var terminal = Context.Terminal;
        if (arguments.GetValue(_json))
        {
            terminal.Json(list, MagsJsonContext.Default.JobListResponse);
            return ExitCodes.Success;
        }

        terminal.Table(JobView.Heading, [.. list.Jobs.Select(job => JobView.Row(job, Context.Time))]);
        var before = (long)(list.Page - 1) * list.PageSize;
        if (before + list.Jobs.Count < list.Total && list.Jobs.Count > 0)
        {
            terminal.Note(
                $"{before + 1} to {before + list.Jobs.Count} of {list.Total} jobs; "
                + $"mags list --page {list.Page + 1} has more");
        }

        return ExitCodes.Success;
    }
}
