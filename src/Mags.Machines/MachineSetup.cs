using Mags.Machines.Images;
using Mags.Machines.Kernel;
using Microsoft.Extensions.Options;

namespace Mags.Machines;

/// <summary>
/// Makes what a node needs before it can run a machine: guest kernel, initramfs, default image, the choice of accelerator
/// and the first template. What is there already is kept, so that a second call costs little; it may be cut off anywhere.
/// </summary>
public sealed class MachineSetup
{
    private static readonly string _agentPath = Path.Combine(AppContext.BaseDirectory, "mags-agent");

    private readonly GuestKernel _kernel;
    private readonly Initramfs _initramfs;
    private readonly ImageCatalog _catalog;
    private readonly ImageBuilder _builder;
    private readonly MachinePlatform _platform;
    private readonly TimeProvider _time;
    private readonly string _defaultImage;

    internal MachineSetup(
        GuestKernel kernel,
        Initramfs initramfs,
        ImageCatalog catalog,
        ImageBuilder builder,
        MachinePlatform platform,
        IOptions<MachinesOptions> options,
        TimeProvider time)
    {
        (_kernel, _initramfs, _catalog, _builder, _platform, _time) = (kernel, initramfs, catalog, builder, platform, time);
        _defaultImage = options.Value.DefaultImage;
    }

    /// <summary>Makes what is missing and reports each step when it is done.</summary>
    /// <exception cref="MachineException">A step failed; the message says which and what to do.</exception>
    public async Task RunAsync(IProgress<SetupStep> progress, CancellationToken cancellationToken)
    {
        var quiet = new Progress<string>();
        var kernel = await StepAsync(
            "kernel", () => _kernel.EnsureAsync(quiet, cancellationToken), made => made.Version, progress);
        var initramfs = await StepAsync(
            "initramfs",
            () => _initramfs.EnsureAsync(kernel, _agentPath, cancellationToken),
            made => Path.GetFileName(made)[..12],
            progress);
        var image = await StepAsync(
            "image",
            async () => _catalog.Find(_defaultImage)
                ?? await _builder.BuildAsync(_defaultImage, null, quiet, cancellationToken),
            made => $"{made.Name}, {made.SizeBytes / 1_000_000} MB",
            progress);
        await StepAsync(
            "accelerator",
            async () =>
            {
                await _platform.PrepareAsync(kernel, initramfs, image, cancellationToken);
                return _platform.Accelerator!;
            },
            made => made.Reason,
            progress);
        await StepAsync(
            "template",
            () => _platform.GetTemplateAsync(image, MachinePlatform.DefaultSize, cancellationToken),
            _ => $"{image.Name}, {MachinePlatform.DefaultSize.Vcpus} vCPU, {MachinePlatform.DefaultSize.MemoryMib} MiB",
            progress);
    }

    private async Task<T> StepAsync<T>(
        string name, Func<Task<T>> make, Func<T, string> detail, IProgress<SetupStep> progress)
    {
        var started = _time.GetTimestamp();
        var made = await make();
        progress.Report(new SetupStep(name, detail(made), _time.GetElapsedTime(started)));
        return made;
    }
}
