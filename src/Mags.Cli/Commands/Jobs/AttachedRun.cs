using Mags.Cli.Output;
using Mags.Client;
using Mags.Client.Errors;
using Mags.Contracts;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Commands.Jobs;

/// <summary>A job that this command waits for. Only a persistent one outlives the command.</summary>
internal sealed class AttachedRun(MagsClient client, string job, Terminal terminal, TimeProvider time, bool json)
{
    private const int TimedOut = 124;
    private const int SignalBase = 128;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    /// <summary>Shows the output up to the end. Interrupted, or with nobody left to read, the job is stopped.</summary>
    /// <returns>The script's exit code.</returns>
    public async Task<int> FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            var end = await PrintAsync(cancellationToken);
            return await ConcludeAsync(end, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return await StopAsync();
        }
        catch (CliException e) when (e.ExitCode == ExitCodes.OutputClosed)
        {
            await client.StopJobAsync(job, CancellationToken.None);
            throw;
        }
    }

    private async Task<JobEnd> PrintAsync(CancellationToken cancellationToken)
    {
        var printer = new LogPrinter(terminal, json);
        var telling = TellWhileWaitingAsync(printer.Begun, cancellationToken);
        try
        {
            return await printer.PrintAsync(client.FollowLogsAsync(job, 0, cancellationToken), cancellationToken);
        }
        finally
        {
            await telling;
        }
    }

    /// <summary>
    /// A job that waits for its sandbox shows why nothing happens; one whose script is silent is left in peace.
    /// </summary>
    private async Task TellWhileWaitingAsync(Task begun, CancellationToken cancellationToken)
    {
        try
        {
            await begun.WaitAsync(_patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            await TellIfPendingAsync(begun, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Whoever follows the log sees it too.
        }
    }

    private async Task TellIfPendingAsync(Task begun, CancellationToken cancellationToken)
    {
        try
        {
            if ((await client.GetJobAsync(job, cancellationToken)).Status == JobStatusNames.Pending)
            {
                using var progress = terminal.StartProgress("waiting for a sandbox");
                await begun;
            }
        }
        catch (Exception e) when (e is MagsApiException or OperationCanceledException)
        {
            // Only a courtesy: whoever follows the log tells what is wrong.
        }
    }

    private async Task<int> ConcludeAsync(JobEnd end, CancellationToken cancellationToken)
    {
        if (!json && end is { Status: JobStatusNames.Completed, ExitCode: { } exitCode })
        {
            return exitCode;
        }

        if (!json && end is { Status: JobStatusNames.Running })
        {
            terminal.Note($"its sandbox stays; `mags stop {job}` ends it");
        }

        var last = await client.GetJobAsync(job, cancellationToken);
        if (json)
        {
            terminal.Json(last, MagsJsonContext.Default.JobResponse);
        }
        else if (last.Error is { } error && !SpeaksForItself(end.ExitCode ?? last.ExitCode))
        {
            terminal.Error(error);
        }

        if ((end.ExitCode ?? last.ExitCode) is { } code)
        {
            return code;
        }

        if (!json && last.Error is null)
        {
            terminal.Error($"job {job} was stopped before its script ended");
        }

        return ExitCodes.RunFailed;
    }

    /// <summary>
    /// An exit code that the script chose is no news on its standard error; that it ran out of time, or a signal
    /// ended it, is.
    /// </summary>
    private static bool SpeaksForItself(int? exitCode) => exitCode is <= SignalBase and not TimedOut;

    private async Task<int> StopAsync()
    {
        using var progress = terminal.StartProgress($"stopping job {job}; once more to leave it running");
        await client.StopJobAsync(job, CancellationToken.None);
        return ExitCodes.Interrupted;
    }
}
