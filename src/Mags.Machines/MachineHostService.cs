using Mags.Machines.Images;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mags.Machines;

/// <summary>
/// Makes the host ready behind the server's start: what an earlier server left is reclaimed, what is missing is made, the
/// first template is brought up. The server answers meanwhile; jobs wait. What fails is tried again every minute.
/// </summary>
internal sealed partial class MachineHostService(
    MachineHost host,
    LeftoverReclaimer reclaimer,
    MachineSetup setup,
    MachinePlatform platform,
    ImageCatalog images,
    SandboxNetwork network,
    TimeProvider time,
    ILogger<MachineHostService> logger) : BackgroundService
{
    private static readonly TimeSpan _retryEvery = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_retryEvery, time);
        try
        {
            while (!await TryAsync(stoppingToken) && await timer.WaitForNextTickAsync(stoppingToken))
            {
                // What failed may be repaired: no network, a full disk, a package that is missing.
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            host.SetFailed("The server is stopping.");
        }
    }

    private async Task<bool> TryAsync(CancellationToken stoppingToken)
    {
        try
        {
            host.SetStarting("reclaiming what an earlier server left");
            await reclaimer.RunAsync(stoppingToken);
            await setup.RunAsync(new SetupStatus(host, logger), stoppingToken);
            platform.RemoveOutdatedTemplates(images);
            await network.EnsureAsync(stoppingToken);
            host.SetReady();
            LogReady(host.Status.Accelerator ?? "");
            return true;
        }
#pragma warning disable CA1031 // The edge of a background service: the server stays up and tells what is wrong.
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogFailed(e);
            host.SetFailed(e.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "Machines can be made, with {Accelerator}")]
    private partial void LogReady(string accelerator);

    [LoggerMessage(LogLevel.Error, "No machine can be made")]
    private partial void LogFailed(Exception exception);

    private sealed partial class SetupStatus(MachineHost host, ILogger logger) : IProgress<SetupStep>
    {
        public void Report(SetupStep value)
        {
            host.SetStarting($"{value.Name}: {value.Detail}");
            if (value.Elapsed is { } elapsed)
            {
                LogDone(value.Name, value.Detail, elapsed.TotalSeconds);
            }
            else
            {
                LogStep(value.Name, value.Detail);
            }
        }

        [LoggerMessage(LogLevel.Debug, "Setting up {Step}: {Detail}")]
        private partial void LogStep(string step, string detail);

        [LoggerMessage(LogLevel.Information, "Set up {Step} in {Seconds:0.0} s: {Detail}")]
        private partial void LogDone(string step, string detail, double seconds);
    }
}
