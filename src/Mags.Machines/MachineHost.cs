using Mags.Machines.Acceleration;
using Mags.Machines.Images;
using Mags.Machines.Sandboxes;

namespace Mags.Machines;

/// <summary>Makes machines out of templates once the platform is prepared.</summary>
internal sealed class MachineHost(ImageCatalog images, MachinePlatform platform, MachineFactory factory) : IMachineHost
{
    private TaskCompletionSource _ready = NewReady();

    public HostStatus Status { get; private set; } = new(HostState.Starting);

    public async Task<IMachine> AcquireAsync(MachineRequest request, CancellationToken cancellationToken)
    {
        await _ready.Task.WaitAsync(cancellationToken);
        var image = images.Find(request.Image)
            ?? throw new MachineException(MachineFault.UnknownImage, $"There is no image named {request.Image}.");
        var template = await platform.GetTemplateAsync(image, request.Size, cancellationToken);
        return await factory.MakeAsync(template, request, cancellationToken);
    }

    /// <summary>Tells what is being prepared.</summary>
    internal void SetStarting(string what)
    {
        Status = new HostStatus(HostState.Starting, what);
        if (_ready.Task.IsFaulted)
        {
            _ready = NewReady();
        }
    }

    /// <summary>Opens the host; machines that were asked for before are made now.</summary>
    internal void SetReady()
    {
        Status = new HostStatus(
            HostState.Ready, null, platform.Accelerator?.Kind.Name(), platform.Accelerator?.Reason);
        _ = _ready.TrySetResult();
    }

    /// <summary>Tells that no machine can be made, to those who wait as well.</summary>
    internal void SetFailed(string reason)
    {
        Status = new HostStatus(HostState.Failed, reason);
        _ = _ready.TrySetException(new MachineException(MachineFault.Setup, reason));
        // Nobody may be waiting.
        _ = _ready.Task.Exception;
    }

    private static TaskCompletionSource NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
