using System.Collections.Concurrent;
using Mags.Cluster.Jobs.Admission;
using Mags.Cluster.Jobs.Logs;
using Mags.Data.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>
/// The jobs of this node, waiting and running ones. Owns their tasks: when the server stops, running scripts get a
/// grace to end by themselves, then all are ended, while everything they report to, and the API, still works.
/// </summary>
internal sealed partial class JobRunners(
    JobRunner runner,
    NodeAdmission admission,
    JobLogStore logs,
    IOptions<JobOptions> options,
    TimeProvider time,
    ILogger<JobRunners> logger) : IHostedLifecycleService
{
    private readonly ConcurrentDictionary<Guid, JobRun> _runs = new();
    private volatile bool _stopping;

    /// <summary>Has a job run, unless it does already. The caller does not wait.</summary>
    public void Start(JobRow job)
    {
        // It is in the table when this returns. Its end is awaited through JobRun.Done.
        _ = RunAsync(job);
    }

    /// <summary>Cuts a job's run off.</summary>
    /// <returns>Completes when its end is written; null when it does not run here.</returns>
    public Task? Stop(Guid jobId)
    {
        if (!_runs.TryGetValue(jobId, out var run))
        {
            return null;
        }

        run.Stop();
        return run.Done;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        admission.Close();
        var runs = _runs.Values.ToList();
        runs.ForEach(run => run.StopUnlessBegun());
        var ends = Task.WhenAll(runs.Select(run => run.Done));
        if (!await EndWithinAsync(ends, options.Value.StopGraceSeconds, cancellationToken))
        {
            LogGraceOver(_runs.Count, options.Value.StopGraceSeconds);
            runs.ForEach(run => run.Stop());
            if (!await EndWithinAsync(ends, options.Value.ShutdownSeconds, cancellationToken))
            {
                LogShutdownSlow(_runs.Count, options.Value.ShutdownSeconds);
            }
        }

        logs.Close();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> EndWithinAsync(Task ends, int seconds, CancellationToken cancellationToken)
    {
        try
        {
            await ends.WaitAsync(TimeSpan.FromSeconds(seconds), time, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task RunAsync(JobRow job)
    {
        using var run = new JobRun();
        if (!_runs.TryAdd(job.Id, run))
        {
            return;
        }

        try
        {
            if (_stopping)
            {
                run.Stop();
            }

            // Queued right here: when the grain answers, the job has its place in the queue.
            var ticket = admission.Enqueue(job, run.Stopped);

            // Away from the grain's scheduler, there and back: a run lasts for minutes.
            await Task.Run(() => runner.RunAsync(job, ticket, run)).ConfigureAwait(false);
        }
        finally
        {
            _runs.TryRemove(job.Id, out _);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Count} jobs still run {Seconds} s after the server began to stop; they are ended")]
    private partial void LogGraceOver(int count, int seconds);

    [LoggerMessage(LogLevel.Error, "{Count} jobs have not ended {Seconds} s after they were told to")]
    private partial void LogShutdownSlow(int count, int seconds);
}
