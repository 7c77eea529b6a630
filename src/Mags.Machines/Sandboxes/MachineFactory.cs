using Grpc.Core;
using Mags.Machines.Agent;
using Mags.Machines.Disks;
using Mags.Machines.Qemu;
using Mags.Machines.Templates;
using Mags.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Makes machines: restores a template and claims the clone. Not more at once than the host has cores, in the order of
/// asking: a restore is bound by the processor, and all of them at once would only be late together.
/// </summary>
internal sealed partial class MachineFactory(
    HomeFolders folders,
    QemuLauncher launcher,
    BlankDisks blanks,
    IOptions<MachinesOptions> options,
    TimeProvider time,
    ILogger<MachineFactory> logger) : IDisposable
{
    // A clone that comes up wrongly is given up for a new one; a second failure has a cause that does not go away.
    private const int Attempts = 2;

    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);

    /// <summary>Restores and claims a machine.</summary>
    /// <exception cref="MachineException">It did not come up.</exception>
    internal async Task<MicroVm> MakeAsync(
        Template template, MachineRequest request, CancellationToken cancellationToken)
    {
        var steps = new StepClock(time);
        var blank = await blanks.EnsureAsync(request.DiskGb, cancellationToken);
        await _slots.WaitAsync(cancellationToken);
        try
        {
            steps.Mark("wait");
            return await TryAsync(
                () => WithDeadlineAsync(
                    token => RestoreAsync(template, blank, request, steps, token), steps, cancellationToken));
        }
        finally
        {
            _ = _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task<MicroVm> TryAsync(Func<Task<MicroVm>> make)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await make();
            }
            catch (MachineException e) when (attempt < Attempts)
            {
                LogTryAgain(e.Message);
            }
        }
    }

    private async Task<MicroVm> WithDeadlineAsync(
        Func<CancellationToken, Task<MicroVm>> make, StepClock steps, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.Value.ClaimDeadlineSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await make(either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var last = steps.Steps[^1].Name;
            throw limit.IsCancellationRequested
                ? new MachineException(
                    MachineFault.Agent,
                    $"The machine was not ready within {options.Value.ClaimDeadlineSeconds} s; its last step was {last}.",
                    e)
                : new MachineException(MachineFault.Agent, $"The machine failed after its step {last}: {e.Message}", e);
        }
    }

#pragma warning disable CA2000 // The cleanup stack owns all that is made here; the machine takes it over, or it runs.
    private async Task<MicroVm> RestoreAsync(
        Template template, BlankDisk blank, MachineRequest request, StepClock steps, CancellationToken cancellationToken)
    {
        var folder = new MachineFolder(folders);
        var cleanup = new CleanupStack(folder.Id, time, logger);
        cleanup.Push("remove folder", folder.Dispose);
        try
        {
            using var disk = EphemeralDisk.Create(blank, folder.PathOf("disk.qcow2"));
            steps.Mark("files");
            var qemu = await StartAsync(folder, template, disk, cleanup, cancellationToken);
            steps.Mark("qemu");
            using (var state = template.OpenState())
            {
                await qemu.LoadStateAsync(state, cancellationToken);
            }

            steps.Mark("load");
            await qemu.ContinueAsync(disk.SizeBytes, cancellationToken);
            steps.Mark("cont");
            var channel = new AgentChannel(qemu.ConnectAgentAsync, time);
            cleanup.Push("close agent channel", _ => channel.DisposeAsync());
            await channel.ConnectAsync(cancellationToken);
            steps.Mark("connect");
            var claimed = await channel.Client.ClaimAsync(Claim(request, disk), cancellationToken: cancellationToken);
            steps.Mark("claim");
            steps.AddParts(claimed.Steps.Select(s => new MachineStep(s.Name, TimeSpan.FromMicroseconds(s.Micros))));
            return new MicroVm(folder, qemu, channel, template, steps.Steps, cleanup, time, logger);
        }
        catch
        {
            await cleanup.DisposeAsync();
            throw;
        }
    }
#pragma warning restore CA2000

    private async Task<QemuProcess> StartAsync(
        MachineFolder folder,
        Template template,
        EphemeralDisk disk,
        CleanupStack cleanup,
        CancellationToken cancellationToken)
    {
        using var image = File.OpenHandle(template.Recipe.ImagePath);
        var setup = new QemuSetup
        {
            Marker = folder.Marker,
            Accelerator = template.Recipe.Accelerator,
            Size = template.Recipe.Size,
            Memory = template.Memory,
            Image = image,
            Disk = disk,
        };
        return await launcher.StartAsync(folder, setup, cleanup, cancellationToken);
    }

    private ClaimRequest Claim(MachineRequest request, EphemeralDisk disk)
    {
        var identity = ClaimIdentity.Create();
        return new ClaimRequest
        {
            Entropy = identity.Entropy,
            BootId = identity.BootId,
            HostName = request.HostName,
            DiskBytes = (ulong)disk.SizeBytes,
            // Last, so that it is as fresh as can be.
            UnixTimeNs = GuestClock.Now(time),
        };
    }

    [LoggerMessage(LogLevel.Warning, "A machine did not come up and is made anew: {Reason}")]
    private partial void LogTryAgain(string reason);
}
