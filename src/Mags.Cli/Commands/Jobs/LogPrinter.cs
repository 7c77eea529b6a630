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
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the first line or the end has come, or nothing more will.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Prints lines as they come; returns how the script ended.</summary>
    public async Task<JobEnd> PrintAsync(IAsyncEnumerable<JobLogEvent> events, CancellationToken cancellationToken)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var reader = events.GetAsyncEnumerator(reading.Token);
        try
        {
            return await PrintAsync(reader, reading);
        }
        finally
        {
            _begun.TrySetResult();
        }
    }

    /// <summary>Prints one line; it may wait in the buffer until the terminal is flushed.</summary>
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

    private async Task<JobEnd> PrintAsync(IAsyncEnumerator<JobLogEvent> reader, CancellationTokenSource reading)
    {
        while (true)
        {
            var move = reader.MoveNextAsync().AsTask();
            if (!move.IsCompleted)
            {
                await FlushAsync(move, reading);
            }

            if (!await move)
            {
                throw new CliException("the log ended without its end");
            }

            _begun.TrySetResult();

            if (reader.Current.End is { } end)
            {
                terminal.Flush();
                return end;
            }

            Print(reader.Current.Entry!);
        }
    }

    /// <summary>
    /// Nothing more has come yet: shows what there is. In a burst, many lines are written at once. When that fails,
    /// the pending read must be over before its enumerator can be disposed.
    /// </summary>
    private async Task FlushAsync(Task<bool> pendingRead, CancellationTokenSource reading)
    {
        try
        {
            terminal.Flush();
        }
        catch (CliException)
        {
            await reading.CancelAsync();
            await pendingRead.ContinueWith(_ => { }, TaskScheduler.Default);
            throw;
        }
    }
}
