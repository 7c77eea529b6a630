using System.Text.Json;
using Mags.Cluster.Files;
using Mags.Cluster.Jobs.Admission;
using Mags.Cluster.Jobs.Logs;
using Mags.Cluster.Workspaces;
using Mags.Data.Jobs;
using Mags.Machines;
using Mags.Machines.Network;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Carries a job out on this node: takes a machine, runs the script in it, writes its output to the job's log, ends
/// the machine and reports to the job's grain, which decides. Output never goes through the grain.
/// </summary>
internal sealed partial class JobRunner(
    IMachineHost host,
    JobStore jobs,
    JobLogStore logs,
    JobReporter reporter,
    WorkspaceDisks disks,
    JobFiles files,
    IOptions<JobOptions> options,
    TimeProvider time,
    ILogger<JobRunner> logger)
{
    /// <summary>Runs a job to its end and gives its place back. Never throws.</summary>
    /// <param name="job">The job, pending.</param>
    /// <param name="ticket">Its claim to a place on this node.</param>
    /// <param name="run">Tells when the job or the server is stopped.</param>
    public async Task RunAsync(JobRow job, AdmissionTicket ticket, JobRun run)
    {
        var outcome = await RunInPlaceAsync(job, ticket, run);
        await reporter.EndAsync(job.Id, outcome);
    }

    private async Task<JobOutcome> RunInPlaceAsync(JobRow job, AdmissionTicket ticket, JobRun run)
    {
        var stopped = run.Stopped;
        try
        {
            using (ticket)
            {
                await ticket.Admitted;
                using var log = await logs.OpenWriterAsync(job.Id, stopped);
                return await RunInMachineAsync(job, ticket, run, log);
            }
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            return new JobOutcome { CutOff = true };
        }
        catch (MachineException exception)
        {
            LogNoMachine(job.Id, exception.Reason, exception);
            return new JobOutcome { Fault = $"no sandbox could be made: {exception.Message}" };
        }
#pragma warning disable CA1031 // The edge of a background task: whatever it is, the job must end, and say so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFault(job.Id, exception);
            return new JobOutcome { Fault = $"the server failed while it ran the job: {exception.Message}" };
        }
    }

    private async Task<JobOutcome> RunInMachineAsync(
        JobRow job, AdmissionTicket ticket, JobRun run, JobLogWriter log)
    {
        var stopped = run.Stopped;
        var input = await jobs.GetInputAsync(job.Id, stopped)
            ?? throw new InvalidOperationException($"job {job.Id} has no script");
        var disk = await reporter.UntilWrittenAsync(job.Id, () => disks.OpenAsync(job, stopped), stopped);
        try
        {
            var machine = await host.AcquireAsync(RequestFor(job, disk), stopped);
            try
            {
                ticket.MachineReady();
                await reporter.UntilWrittenAsync(
                    job.Id, () => disks.BindAsync(disk, machine.ImageDigest, stopped), stopped);
                // Ahead of the script's beginning: a job that the server's stop cuts off here runs at the next start.
                if (await files.PlaceAsync(machine, input, stopped) is { } fault)
                {
                    return new JobOutcome { Fault = fault };
                }

                return run.TryBegin() && await reporter.MachineReadyAsync(job.Id, machine, stopped)
                    ? await RunScriptAsync(machine, job, input, log, stopped)
                    : new JobOutcome { CutOff = true };
            }
            finally
            {
                await EndMachineAsync(job.Id, machine, disk);
            }
        }
        finally
        {
            await disks.CloseAsync(disk);
        }
    }

    private async Task<JobOutcome> RunScriptAsync(
        IMachine machine, JobRow job, JobInputRow input, JobLogWriter log, CancellationToken stopped)
    {
        await using var watch = ScriptWatch.Begin(machine, Deadline(job), time, stopped);
        try
        {
            await foreach (var said in machine.RunAsync(ProcessFor(job, input), watch.GiveUp))
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

    private async Task EndMachineAsync(Guid jobId, IMachine machine, JobDisk disk)
    {
        try
        {
            if (disk.Kept is not null)
            {
                using var patience = new CancellationTokenSource(
                    TimeSpan.FromSeconds(options.Value.DiskSealSeconds), time);
                _ = await machine.SealDiskAsync(patience.Token);
            }

            var limit = TimeSpan.FromSeconds(options.Value.MachineEndSeconds);
            await machine.DisposeAsync().AsTask().WaitAsync(limit, time);
            LogMachineEnded(jobId, machine.Id);
        }
#pragma warning disable CA1031 // A machine that cannot be ended must not keep the job from ending; the log says so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogMachineLeft(jobId, machine.Id, exception);
        }
    }

    private TimeSpan? Deadline(JobRow job) => job.TimeoutSeconds is { } seconds
        ? TimeSpan.FromSeconds((long)seconds + options.Value.TimeoutGraceSeconds)
        : null;

    private static MachineRequest RequestFor(JobRow job, JobDisk disk) => new()
    {
        Image = job.Image,
        ImageDigest = disk.ImageDigest,
        Disk = disk.Machine,
        Size = new MachineSize(job.Vcpus, job.MemoryMib),
        DiskGb = job.DiskGb,
        HostName = $"mags-{job.Subdomain}",
        Network = job.Network switch
        {
            true => NetworkWish.Required,
            false => NetworkWish.None,
            null => NetworkWish.IfPossible,
        },
    };

    private static ProcessSpec ProcessFor(JobRow job, JobInputRow input) => new()
    {
        Arguments = ["/bin/sh"],
        Script = input.Script,
        Environment = JsonSerializer.Deserialize(input.EnvironmentJson, JobJsonContext.Default.DictionaryStringString)
            ?? [],
        Timeout = job.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    [LoggerMessage(LogLevel.Warning, "Job {JobId} got no machine ({Reason})")]
    private partial void LogNoMachine(Guid jobId, MachineFault reason, Exception exception);

    [LoggerMessage(LogLevel.Error, "Job {JobId} failed in the server")]
    private partial void LogFault(Guid jobId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Job {JobId} lost its script in machine {MachineId} ({Reason}): {Message}")]
    private partial void LogScriptLost(Guid jobId, string machineId, MachineFault reason, string message);

    [LoggerMessage(LogLevel.Information, "Machine {MachineId} of job {JobId} is gone")]
    private partial void LogMachineEnded(Guid jobId, string machineId);

    [LoggerMessage(LogLevel.Error, "Machine {MachineId} of job {JobId} could not be ended")]
    private partial void LogMachineLeft(Guid jobId, string machineId, Exception exception);
}
