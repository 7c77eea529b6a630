using Mags.Cluster.Jobs.Admission;
using Mags.Cluster.Jobs.Logs;
using Mags.Cluster.Workspaces;
using Mags.Data.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Takes up what the last run of the server left unfinished. Done before the API listens, so that no job of this run
/// is mistaken for one of the last, and nobody is told a state that is not true any more.
/// </summary>
internal sealed partial class JobRecovery(
    JobStore jobs,
    JobLogStore logs,
    IGrainFactory grains,
    NodeAdmission admission,
    JobIds ids,
    LayerRecovery layers,
    ILogger<JobRecovery> logger) : IHostedService
{
    private const int Parallel = 64;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await jobs.GetNewestIdAsync(cancellationToken) is { } newest)
        {
            ids.GoOnAfter(newest);
        }

        await layers.RecoverAsync(cancellationToken);
        var unfinished = await jobs.ListUnfinishedAsync(cancellationToken);
        if (unfinished.Count > 0)
        {
            LogRecovering(unfinished.Count);
            await RecoverAsync(unfinished, cancellationToken);
        }

        admission.Open();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RecoverAsync(IReadOnlyList<Guid> unfinished, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(unfinished, parallel, async (id, token) =>
        {
            await logs.RepairAsync(id, token);
            await grains.GetGrain<IJobGrain>(id).RecoverAsync();
        });
    }

    [LoggerMessage(LogLevel.Information, "{Count} jobs of the last run are unfinished; each is taken up or ended")]
    private partial void LogRecovering(int count);
}
