using Mags.Cluster.Files;
using Mags.Cluster.Jobs.Admission;
using Mags.Cluster.Jobs.Logs;
using Mags.Cluster.Workspaces;
using Mags.Cluster.Workspaces.Sync;
using Mags.Data.Jobs;
using Mags.Machines;
using Mags.Machines.Network;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Carries a job out on this node: takes a machine, has the script run in it, lets a persistent one live on, ends the
/// machine and reports to the job's grain, which decides.
/// </summary>
internal sealed partial class JobRunner(
    IMachineHost host,
    JobStore jobs,
    JobLogStore logs,
    JobReporter reporter,
    WorkspaceDisks disks,
    WorkspaceRemoval removal,
    ScriptRunner scripts,
    WorkspaceSync sync,
    JobFiles files,
    IOptions<JobOptions> options,
    TimeProvider time,
    ILogger<JobRunner> logger)
{
    /// <summary>Runs a job to its end and gives its place back. Never throws.</summary>
    /// <param name="job">The job: pending, or persistent and to be given a sandbox again.</param>
    /// <param name="ticket">Its claim to a place on this node.</param>
    /// <param name="run">Tells when the job or the server is stopped.</param>
    public async Task RunAsync(JobRow job, AdmissionTicket ticket, JobRun run)
    {
        var outcome = await RunInPlaceAsync(job, ticket, run);
        await reporter.EndAsync(job.Id, outcome);
        if (job is { Persistent: true, WorkspaceId: null })
        {
            await removal.DeleteOwnedAsync(job.Id);
        }
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
                    job.Id, () => disks.BindAsync(disk, machine, stopped), stopped);
                // Ahead of the script's beginning: a job that the server's stop cuts off here runs at the next start.
                if (job.State == JobState.Pending && await files.PlaceAsync(machine, input, stopped) is { } fault)
                {
                    return new JobOutcome { Fault = fault };
                }

                return run.TryBegin() && await reporter.MachineReadyAsync(job.Id, machine, stopped)
                    ? await LiveAsync(machine, disk, job, input, log, run)
                    : new JobOutcome { CutOff = true };
            }
            finally
            {
                await EndMachineAsync(job.Id, machine, disk);
            }
        }
        finally
        {
            // As with the job's own row: not ended before it is written what became of its disk.
            _ = await reporter.UntilWrittenAsync(job.Id, () => disks.CloseAsync(disk), CancellationToken.None);
            sync.Request(disk, isWhole: false);
        }
    }

    private async Task<JobOutcome> LiveAsync(
        IMachine machine, JobDisk disk, JobRow job, JobInputRow input, JobLogWriter log, JobRun run)
    {
        var isFirst = job.State == JobState.Pending;
        if (isFirst)
        {
            var outcome = await scripts.RunAsync(machine, job, input, log, run.Stopped);
            if (!job.Persistent || outcome is { ExitCode: null, TimedOut: false })
            {
                return outcome;
            }

            await reporter.ScriptEndedAsync(job.Id, outcome);
            sync.Request(disk, isWhole: true);
        }

        run.Rest();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(run.Stopped);
        var startup = isFirst ? Task.CompletedTask : scripts.RunStartupAsync(machine, job, input, log, over.Token);
        try
        {
            return new JobOutcome { Fault = (await machine.Ended.WaitAsync(run.Stopped)).Message };
        }
        catch (OperationCanceledException)
        {
            return new JobOutcome { CutOff = true };
        }
        finally
        {
            await over.CancelAsync();
            await startup;
        }
    }

    private async Task EndMachineAsync(Guid jobId, IMachine machine, JobDisk disk)
    {
        try
        {
            if (disk.Kept is not null)
            {
                await disks.ReleaseAsync(disk);
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

    [LoggerMessage(LogLevel.Warning, "Job {JobId} got no machine ({Reason})")]
    private partial void LogNoMachine(Guid jobId, MachineFault reason, Exception exception);

    [LoggerMessage(LogLevel.Error, "Job {JobId} failed in the server")]
    private partial void LogFault(Guid jobId, Exception exception);

    [LoggerMessage(LogLevel.Information, "Machine {MachineId} of job {JobId} is gone")]
    private partial void LogMachineEnded(Guid jobId, string machineId);

    [LoggerMessage(LogLevel.Error, "Machine {MachineId} of job {JobId} could not be ended")]
    private partial void LogMachineLeft(Guid jobId, string machineId, Exception exception);
}
