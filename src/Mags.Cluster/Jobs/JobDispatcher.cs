using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Brings accepted jobs to their grains, so that who accepts a job does not wait for that, and a grain that cannot be
/// reached at the moment is tried again. What is left at a stop is found in the rows at the next start.
/// </summary>
public sealed partial class JobDispatcher : BackgroundService
{
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);
    private readonly Channel<Guid> _accepted = Channel.CreateUnbounded<Guid>();
    private readonly Channel<Guid> _failed = Channel.CreateUnbounded<Guid>();
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ILogger<JobDispatcher> _logger;

    /// <param name="grains">Where the jobs' grains are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The server's log.</param>
    public JobDispatcher(IGrainFactory grains, TimeProvider time, ILogger<JobDispatcher> logger)
    {
        (_grains, _time, _logger) = (grains, time, logger);
    }

    /// <summary>Has a job started. Its row is durable before.</summary>
    public void Dispatch(Guid jobId) => _accepted.Writer.TryWrite(jobId);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(StartAllAsync(stoppingToken), TryAgainAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>One after the other: whoever was accepted first queues for a place first.</summary>
    private async Task StartAllAsync(CancellationToken cancellationToken)
    {
        await foreach (var jobId in _accepted.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await _grains.GetGrain<IJobGrain>(jobId).StartAsync();
            }
#pragma warning disable CA1031 // The edge of a background loop: an accepted job is never forgotten.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotStarted(jobId, exception);
                _failed.Writer.TryWrite(jobId);
            }
        }
    }

    /// <summary>Apart from the others, which must not wait for one that cannot be started.</summary>
    private async Task TryAgainAsync(CancellationToken cancellationToken)
    {
        await foreach (var jobId in _failed.Reader.ReadAllAsync(cancellationToken))
        {
            await Task.Delay(_retry, _time, cancellationToken);
            Dispatch(jobId);
        }
    }

    [LoggerMessage(LogLevel.Error, "Job {JobId} could not be started; tried again")]
    private partial void LogNotStarted(Guid jobId, Exception exception);
}
