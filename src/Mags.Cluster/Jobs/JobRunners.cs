using System.Collections.Concurrent;
using Mags.Cluster.Jobs.Logs;
using Mags.Data.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>
/// The jobs that run on this node. Owns their tasks: when the server stops, all are ended first, while everything
/// they report to still works.
/// </summary>
internal sealed partial class JobRunners(
    JobRunner runner,
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
        var runs = _runs.Values.ToList();
        runs.ForEach(run => run.Stop());
        try
        {
            await Task.WhenAll(runs.Select(run => run.Done))
                .WaitAsync(TimeSpan.FromSeconds(options.Value.ShutdownSeconds), time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            LogShutdownSlow(_runs.Count, options.Value.ShutdownSeconds);
        }

        logs.Close();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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

            // Queued right here, so that jobs run in the order in which they were started.
            var place = runner.QueueAsync(run.Stopped);

            // Away from the grain's scheduler, there and back: a run lasts for minutes.
            await Task.Run(() => runner.RunAsync(job, place, run.Stopped)).ConfigureAwait(false);
        }
        finally
        {
            _runs.TryRemove(job.Id, out _);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Count} jobs had not ended {Seconds} s after the server began to stop")]
    private partial void LogShutdownSlow(int count, int seconds);
}
