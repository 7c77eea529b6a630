using Mags.Data;
using Mags.Machines;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Tells a job's grain what its runner sees. What cannot be written now, as when another process holds the database,
/// is told again until it is: no job fails or sticks because of that.
/// </summary>
internal sealed partial class JobReporter(IGrainFactory grains, TimeProvider time, ILogger<JobReporter> logger)
{
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);

    /// <summary>The job has a machine.</summary>
    /// <returns>Whether to run the script.</returns>
    public Task<bool> MachineReadyAsync(Guid jobId, IMachine machine, CancellationToken stopped) => UntilToldAsync(
        jobId, () => Grain(jobId).MachineReadyAsync(machine.Id, machine.Accelerator), stopped);

    /// <summary>The script of a persistent job has ended.</summary>
    public Task ScriptEndedAsync(Guid jobId, JobOutcome outcome) =>
        UntilToldAsync(jobId, () => Grain(jobId).ScriptEndedAsync(outcome));

    /// <summary>The job's run is over.</summary>
    public Task EndAsync(Guid jobId, JobOutcome outcome) => UntilToldAsync(jobId, () => Grain(jobId).EndAsync(outcome));

    /// <summary>The same for what is written of a job beside its own row; what is no fault of the database is thrown.</summary>
    public Task<T> UntilWrittenAsync<T>(Guid jobId, Func<Task<T>> write, CancellationToken stopped) =>
        UntilWrittenAsync(jobId, write, fault => fault is DatabaseException, stopped);

    private Task<bool> UntilToldAsync(Guid jobId, Func<Task> tell) => UntilToldAsync(
        jobId,
        async () =>
        {
            await tell();
            return true;
        },
        CancellationToken.None);

    // Without its own row written the job would stick, whatever the fault.
    private Task<T> UntilToldAsync<T>(Guid jobId, Func<Task<T>> tell, CancellationToken stopped) =>
        UntilWrittenAsync(jobId, tell, _ => true, stopped);

    private async Task<T> UntilWrittenAsync<T>(
        Guid jobId, Func<Task<T>> write, Func<Exception, bool> passes, CancellationToken stopped)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await write();
            }
#pragma warning disable CA1031 // The edge of a background task.
            catch (Exception exception) when (passes(exception))
#pragma warning restore CA1031
            {
                LogFailed(jobId, attempt, exception);
                await Task.Delay(_retry, time, stopped);
            }
        }
    }

    private IJobGrain Grain(Guid jobId) => grains.GetGrain<IJobGrain>(jobId);

    [LoggerMessage(LogLevel.Error, "A change of job {JobId} could not be written (attempt {Attempt}); tried again")]
    private partial void LogFailed(Guid jobId, int attempt, Exception exception);
}
