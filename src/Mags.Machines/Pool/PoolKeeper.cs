using Mags.Machines.Images;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Pool;

/// <summary>
/// Keeps the pool as it should be, in the background: only while no job waits for a machine to be made, and with half
/// of the host's cores at most.
/// </summary>
internal sealed partial class PoolKeeper(
    MachinePool pool,
    MachineHost host,
    MachinePlatform platform,
    MachineFactory factory,
    RestoreSlots slots,
    ImageCatalog images,
    IOptions<PoolOptions> options,
    IOptions<MachinesOptions> machines,
    TimeProvider time,
    ILogger<PoolKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan _afterFailure = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _lookForSurplus = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await pool.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await host.WhenFirstReadyAsync(stoppingToken);
            var makers = Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2))
                .Select(_ => Task.Run(() => MakeAllAsync(stoppingToken), stoppingToken));
            await Task.WhenAll(makers.Append(EndSurplusAsync(stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task MakeAllAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var changed = pool.Changed;
            try
            {
                await SetDefaultAsync(stoppingToken);
                if (!await TryMakeOneAsync(stoppingToken))
                {
                    await changed.WaitAsync(stoppingToken);
                }
            }
#pragma warning disable CA1031 // The edge of a background loop: without a pool, jobs are slower and still run.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(exception);
                await Task.Delay(_afterFailure, time, stoppingToken);
            }
        }
    }

    /// <summary>The default image may have been built anew since the last look: it has another template then.</summary>
    private async Task SetDefaultAsync(CancellationToken stoppingToken)
    {
        if (images.Find(machines.Value.DefaultImage) is { } image)
        {
            var size = new MachineSize(options.Value.DefaultVcpus, options.Value.DefaultMemoryMib);
            using var lease = await platform.GetTemplateAsync(image, size, stoppingToken);
            pool.SetDefault(lease);
        }
    }

    private async Task<bool> TryMakeOneAsync(CancellationToken stoppingToken)
    {
        using var slot = await slots.TakeSpareAsync(stoppingToken);
        if (pool.NextOrder() is not { } order)
        {
            return false;
        }

        RestoredMachine? made = null;
        try
        {
            made = await factory.MakeWaitingAsync(
                order.Cold, order.Shelf.Template, options.Value.DefaultDiskGb, order.Readiness, stoppingToken);
        }
        finally
        {
            await pool.CompleteAsync(order, made);
        }

        return true;
    }

    private async Task EndSurplusAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_lookForSurplus, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var machine in pool.TakeSurplus())
            {
                await machine.DisposeAsync();
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "A machine for the pool could not be made; tried again in a while")]
    private partial void LogFailed(Exception exception);
}
