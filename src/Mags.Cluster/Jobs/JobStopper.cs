using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Stops jobs, and waits until they are over. A call to a job is short and the end of a sandbox may not be, when much has to
/// reach its disk: so it is asked again, for as long as an end may take.
/// </summary>
public sealed partial class JobStopper
{
    private readonly Func<Guid, IJobGrain> _jobs;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly ILogger<JobStopper> _logger;

    /// <summary>Stops the jobs of a cluster.</summary>
    public JobStopper(
        IGrainFactory grains, IOptions<JobOptions> options, TimeProvider time, ILogger<JobStopper> logger)
        : this(id => grains.GetGrain<IJobGrain>(id), options, time, logger)
    {
    }

    internal JobStopper(
        Func<Guid, IJobGrain> jobs, IOptions<JobOptions> options, TimeProvider time, ILogger<JobStopper> logger)
    {
        (_jobs, _time, _logger) = (jobs, time, logger);
        _limit = TimeSpan.FromSeconds(options.Value.DiskSealSeconds + options.Value.MachineEndSeconds);
    }

    /// <summary>
    /// Ends a job as completed; nothing changes on an ended one. Returns when its sandbox is gone and its disk durable, or
    /// after <see cref="JobOptions.DiskSealSeconds"/> and <see cref="JobOptions.MachineEndSeconds"/>, when its log says so.
    /// </summary>
    public async Task StopAsync(Guid jobId, CancellationToken cancellationToken)
    {
        var job = _jobs(jobId);
        var began = _time.GetTimestamp();
        while (!await job.StopAsync().WaitAsync(cancellationToken))
        {
            if (_time.GetElapsedTime(began) is var waited && waited >= _limit)
            {
                LogSlow(jobId, waited.TotalSeconds);
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Job {JobId} is being stopped, but its machine is not gone after {Seconds:0} s")]
    private partial void LogSlow(Guid jobId, double seconds);
}
