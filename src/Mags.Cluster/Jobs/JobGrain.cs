using Mags.Cluster.Jobs.Logs;
using Mags.Data.Jobs;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Holds nothing that is not in the job's row. Reentrant, so that a stop can wait for the runner that reports here:
/// what is decided is decided inside the row's transaction.
/// </summary>
[Reentrant]
internal sealed partial class JobGrain(
    JobStore jobs,
    JobRunners runners,
    JobLogStore logs,
    TimeProvider time,
    ILogger<JobGrain> logger) : Grain, IJobGrain
{
    // No call to a job may last long: whoever still waits asks again.
    private static readonly TimeSpan _stopWait = TimeSpan.FromSeconds(2);

    private Guid Id => this.GetPrimaryKey();

    public async Task StartAsync()
    {
        var job = await jobs.GetAsync(Id, CancellationToken.None);
        if (job is { State: JobState.Pending, StopRequested: false })
        {
            runners.Start(job);
        }
    }

    public async Task<bool> StopAsync()
    {
        var job = await jobs.UpdateAsync(Id, RequestStop, CancellationToken.None);
        if (job is null || JobVerdict.IsEnded(job))
        {
            return true;
        }

        if (runners.Stop(Id) is not { } done)
        {
            await ChangeAsync(row => JobVerdict.Complete(row, time.GetUtcNow()));
            return true;
        }

        try
        {
            await done.WaitAsync(_stopWait, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async Task RecoverAsync()
    {
        var job = await ChangeAsync(row => JobVerdict.Recover(row, time.GetUtcNow()));
        if (job is { State: JobState.Pending } or { State: JobState.Running, MachineId: null })
        {
            runners.Start(job);
        }
    }

    public async Task<bool> MachineReadyAsync(string machineId, string accelerator)
    {
        var job = await jobs.UpdateAsync(Id, row => TakeMachine(row, machineId, accelerator), CancellationToken.None);
        if (job is not { State: JobState.Running })
        {
            return false;
        }

        LogRunning(Id, machineId, accelerator);
        return true;
    }

    public async Task ScriptEndedAsync(JobOutcome outcome)
    {
        if (await ChangeAsync(row => JobVerdict.EndScript(row, outcome)) is { ScriptIsOver: true })
        {
            logs.End(Id);
        }
    }

    public Task EndAsync(JobOutcome outcome) =>
        ChangeAsync(row => JobVerdict.Apply(row, outcome, time.GetUtcNow()));

    private static void RequestStop(JobRow job)
    {
        if (!JobVerdict.IsEnded(job))
        {
            job.StopRequested = true;
        }
    }

    private void TakeMachine(JobRow job, string machineId, string accelerator)
    {
        if (job is { State: JobState.Pending or JobState.Running, MachineId: null, StopRequested: false })
        {
            (job.State, job.MachineId, job.Accelerator) = (JobState.Running, machineId, accelerator);
            job.StartedAt ??= time.GetUtcNow();
        }
    }

    /// <summary>Writes a change, and if it is the job's end, tells it.</summary>
    private async Task<JobRow?> ChangeAsync(Action<JobRow> change)
    {
        var wasEnded = false;
        var job = await jobs.UpdateAsync(
            Id,
            row =>
            {
                wasEnded = JobVerdict.IsEnded(row);
                if (!wasEnded)
                {
                    change(row);
                }
            },
            CancellationToken.None);
        if (job is not null && JobVerdict.IsEnded(job))
        {
            logs.End(Id);
            if (!wasEnded)
            {
                LogEnded(Id, job.State, job.ExitCode, job.Error);
            }

            DeactivateOnIdle();
        }

        return job;
    }

    [LoggerMessage(LogLevel.Information, "Job {JobId} runs in machine {MachineId} ({Accelerator})")]
    private partial void LogRunning(Guid jobId, string machineId, string accelerator);

    [LoggerMessage(LogLevel.Information, "Job {JobId} ended: {State}, exit code {ExitCode} {Error}")]
    private partial void LogEnded(Guid jobId, JobState state, int? exitCode, string? error);
}
