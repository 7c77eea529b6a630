using Mags.Machines.Acceleration;
using Mags.Machines.Images;
using Mags.Machines.Network;
using Mags.Machines.Pool;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Mags.Machines.Walls;
using Microsoft.Extensions.Logging;

namespace Mags.Machines;

/// <summary>
/// Gives out machines once the platform is prepared: one that waits in the pool, else one restored for the occasion.
/// </summary>
internal sealed partial class MachineHost(
    ImageCatalog images,
    MachinePlatform platform,
    MachinePool pool,
    MachineFactory factory,
    HostWalls walls,
    SandboxNetwork network,
    ILogger<MachineHost> logger) : IMachineHost
{
    private readonly TaskCompletionSource _firstReady = NewReady();
    private TaskCompletionSource _ready = NewReady();
    private HostStatus _status = new(HostState.Starting);
    private int _busy;

    public HostStatus Status => _status.State == HostState.Ready
        ? _status with { Walls = [.. walls.List(platform.Accelerator), network.Wall], NetworkAbsence = network.LastingAbsence }
        : _status;

    public async Task<IMachine> AcquireAsync(MachineRequest request, CancellationToken cancellationToken)
    {
        await _ready.Task.WaitAsync(cancellationToken);
        var image = images.Find(request.Image, request.ImageDigest)
            ?? throw new MachineException(
                MachineFault.UnknownImage,
                request.ImageDigest is null
                    ? $"There is no image named {request.Image}."
                    : $"The image {request.Image} with digest {request.ImageDigest} is not on this node.");
        await RequireNetworkAsync(request.Network, cancellationToken);
        using var lease = await platform.GetTemplateAsync(image, request.Size, cancellationToken);
        return Count(
            await TryClaimAsync(lease, request, cancellationToken)
            ?? await factory.MakeAsync(lease.Template, request, cancellationToken));
    }

    public PoolStatus Pool => pool.Status(Volatile.Read(ref _busy));

    /// <summary>Waits until machines can be made, however many attempts to prepare that fail before.</summary>
    internal Task WhenFirstReadyAsync(CancellationToken cancellationToken) => _firstReady.Task.WaitAsync(cancellationToken);

    /// <summary>Tells what is being prepared.</summary>
    internal void SetStarting(string what)
    {
        _status = new HostStatus(HostState.Starting, what);
        if (_ready.Task.IsFaulted)
        {
            _ready = NewReady();
        }
    }

    /// <summary>Opens the host; machines that were asked for before are made now.</summary>
    internal void SetReady()
    {
        _status = new HostStatus(
            HostState.Ready, null, platform.Accelerator?.Kind.Name(), platform.Accelerator?.Reason);
        _ = _ready.TrySetResult();
        _ = _firstReady.TrySetResult();
    }

    /// <summary>Tells that no machine can be made, to those who wait as well.</summary>
    internal void SetFailed(string reason)
    {
        _status = new HostStatus(HostState.Failed, reason);
        _ = _ready.TrySetException(new MachineException(MachineFault.Setup, reason));
        // Nobody may be waiting.
        _ = _ready.Task.Exception;
    }

    // Before any machine is taken: one more would not have it either.
    private async Task RequireNetworkAsync(NetworkWish wish, CancellationToken cancellationToken)
    {
        if (wish == NetworkWish.Required)
        {
            await network.EnsureAsync(cancellationToken);
            if (network.Absence is { } reason)
            {
                throw SandboxNetwork.Missing(reason);
            }
        }
    }

    private async Task<MicroVm?> TryClaimAsync(
        TemplateLease template, MachineRequest request, CancellationToken cancellationToken)
    {
        if (pool.TryTake(template, request.Disk is null ? request.DiskGb : null) is not { } waiting)
        {
            return null;
        }

        try
        {
            return await factory.ClaimAsync(waiting, request, cancellationToken);
        }
        catch (MachineException e)
        {
            LogNotClaimed(waiting.Folder.Id, e.Message);
            return null;
        }
    }

    private MicroVm Count(MicroVm machine)
    {
        _ = Interlocked.Increment(ref _busy);
        _ = CountEndAsync(machine);
        return machine;
    }

    private async Task CountEndAsync(MicroVm machine)
    {
        _ = await machine.Ended;
        _ = Interlocked.Decrement(ref _busy);
    }

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId} of the pool could not be claimed; another one is made: {Reason}")]
    private partial void LogNotClaimed(string machineId, string reason);

    private static TaskCompletionSource NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
