using Mags.Cli.Output;
using Mags.Client.Jobs;
using Mags.Contracts;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Commands.Jobs;

/// <summary>
/// Prints a job's lines: the script's standard output to ours, its standard error to ours, the platform's own lines
/// marked on standard error. As JSON: each entry a line of standard output.
/// </summary>
internal sealed class LogPrinter(Terminal terminal, bool json)
{
    /// <summary>Prints lines as they come; returns how the script ended.</summary>
    public async Task<JobEnd> PrintAsync(IAsyncEnumerable<JobLogEvent> events, CancellationToken cancellationToken)
    {
        await using var reader = events.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var move = reader.MoveNextAsync();
            if (!move.IsCompleted)
            {
                // Nothing more has come yet: show what there is. In a burst, many lines are written at once.
                terminal.Flush();
            }

            if (!await move)
            {
                throw new CliException("the log ended without its end");
            }

            if (reader.Current.End is { } end)
            {
                terminal.Flush();
                return end;
            }

            Print(reader.Current.Entry!);
        }
    }

    public void Print(LogEntry entry)
    {
        if (json)
        {
            terminal.WriteOutput(System.Text.Json.JsonSerializer.Serialize(entry, MagsJsonContext.Default.LogEntry));
            return;
        }

        switch (entry.Source)
        {
            case "stdout":
                terminal.WriteOutput(entry.Message);
                break;
            case "system":
                terminal.WriteSystem(entry.Message);
                break;
            default:
                terminal.WriteError(entry.Message);
                break;
        }
    }
}
