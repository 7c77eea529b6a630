using System.Threading.Channels;
using Mags.Cluster.Jobs.Admission;
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
    private readonly NodeAdmission _admission;
    private readonly TimeProvider _time;
    private readonly ILogger<JobDispatcher> _logger;

    internal JobDispatcher(
        IGrainFactory grains, NodeAdmission admission, TimeProvider time, ILogger<JobDispatcher> logger)
    {
        (_grains, _admission, _time, _logger) = (grains, admission, time, logger);
    }

    /// <summary>False when the server stops: a job taken now would run at its next start only.</summary>
    public bool Accepts => _admission.Accepts;

    /// <summary>
    /// Keeps room among the waiting jobs for one that is about to be written; to be followed by
    /// <see cref="Dispatch"/> or <see cref="TakeBack"/>.
    /// </summary>
    /// <returns>False when too many wait: <see cref="JobOptions.MaxPending"/>.</returns>
    public bool TryReserve(Guid jobId) => _admission.TryExpect(jobId);

    /// <summary>The job could not be written, and will not come.</summary>
    public void TakeBack(Guid jobId) => _admission.Forget(jobId);

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

                // It is in the queue by now, or was stopped before.
                _admission.Forget(jobId);
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
