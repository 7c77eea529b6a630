using System.Text;
using System.Text.Json;
using Mags.Cluster.Jobs.Logs;
using Mags.Data.Jobs;
using Mags.Machines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>Runs what a job wants run in its machine and writes the output to its log, never through the grain.</summary>
internal sealed partial class ScriptRunner(IOptions<JobOptions> options, TimeProvider time, ILogger<ScriptRunner> logger)
{
    /// <summary>Runs the script to its end.</summary>
    public Task<JobOutcome> RunAsync(
        IMachine machine, JobRow job, JobInputRow input, JobLogWriter log, CancellationToken stopped)
    {
        var limit = job.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        return RunAsync(machine, job, ProcessFor(input, input.Script) with { Timeout = limit }, log, stopped);
    }

    /// <summary>Runs the startup command, when there is one, for as long as it likes; it ends with the sandbox.</summary>
    public async Task RunStartupAsync(
        IMachine machine, JobRow job, JobInputRow input, JobLogWriter log, CancellationToken stopped)
    {
        if (job.StartupCommand is { } command)
        {
            var outcome = await RunAsync(
                machine, job, ProcessFor(input, Encoding.UTF8.GetBytes(command)), log, stopped);
            LogStartupEnded(job.Id, outcome.ExitCode);
        }
    }

    private async Task<JobOutcome> RunAsync(
        IMachine machine, JobRow job, ProcessSpec process, JobLogWriter log, CancellationToken stopped)
    {
        var deadline = process.Timeout + TimeSpan.FromSeconds(options.Value.TimeoutGraceSeconds);
        await using var watch = ScriptWatch.Begin(machine, deadline, time, stopped);
        try
        {
            await foreach (var said in machine.RunAsync(process, watch.GiveUp))
            {
                switch (said)
                {
                    case ProcessOutput output:
                        var source = output.Stream == OutputSource.Stderr ? LogSource.Stderr : LogSource.Stdout;
                        await log.AppendAsync(source, output.Data, watch.GiveUp);
                        break;
                    case ProcessExited exited:
                        return new JobOutcome
                        {
                            ExitCode = exited.ExitCode,
                            TimedOut = exited.TimedOut,
                            Duration = exited.Duration,
                            RanOutOfMemory = exited.RanOutOfMemory,
                        };
                }
            }

            return new JobOutcome { Fault = "the sandbox went silent before the script ended" };
        }
        catch (OperationCanceledException) when (watch.GiveUp.IsCancellationRequested)
        {
            return await watch.ReasonAsync();
        }
        catch (MachineException exception)
        {
            LogScriptLost(job.Id, machine.Id, exception.Reason, exception.Message);
            return await watch.ReasonAsync(exception);
        }
        finally
        {
            // The disk may be what failed above: then this fails the same way and is told the same way.
            await log.FinishAsync(CancellationToken.None);
        }
    }

    private static ProcessSpec ProcessFor(JobInputRow input, byte[] script) => new()
    {
        Arguments = ["/bin/sh"],
        Script = script,
        Environment = JsonSerializer.Deserialize(input.EnvironmentJson, JobJsonContext.Default.DictionaryStringString)
            ?? [],
    };

    [LoggerMessage(LogLevel.Warning, "Job {JobId} lost its script in machine {MachineId} ({Reason}): {Message}")]
    private partial void LogScriptLost(Guid jobId, string machineId, MachineFault reason, string message);

    [LoggerMessage(LogLevel.Information, "The startup command of job {JobId} is over, exit code {ExitCode}")]
    private partial void LogStartupEnded(Guid jobId, int? exitCode);
}
