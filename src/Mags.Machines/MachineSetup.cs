using Mags.Machines.Acceleration;
using Mags.Machines.Images;
using Mags.Machines.Kernel;
using Microsoft.Extensions.Options;

namespace Mags.Machines;

/// <summary>
/// Makes what machines need and is missing: guest kernel, initramfs, default image, the choice of an accelerator, and the
/// first template. Quick when all is there; several processes may run it at once.
/// </summary>
public sealed class MachineSetup
{
    private readonly GuestKernel _kernel;
    private readonly Initramfs _initramfs;
    private readonly ImageCatalog _images;
    private readonly ImageBuilder _builder;
    private readonly MachinePlatform _platform;
    private readonly MachinesOptions _options;
    private readonly TimeProvider _time;

    internal MachineSetup(
        GuestKernel kernel,
        Initramfs initramfs,
        ImageCatalog images,
        ImageBuilder builder,
        MachinePlatform platform,
        IOptions<MachinesOptions> options,
        TimeProvider time)
    {
        _kernel = kernel;
        _initramfs = initramfs;
        _images = images;
        _builder = builder;
        _platform = platform;
        _options = options.Value;
        _time = time;
    }

    /// <summary>Runs all steps in order.</summary>
    /// <param name="progress">Told of each step.</param>
    /// <param name="cancellationToken">Gives up; what is complete stays.</param>
    /// <exception cref="MachineException">A step failed; the message says what and why.</exception>
    public async Task RunAsync(IProgress<SetupStep> progress, CancellationToken cancellationToken)
    {
        var kernel = await StepAsync(
            "kernel", told => _kernel.EnsureAsync(told, cancellationToken), made => made.Version, progress);
        var initramfs = await StepAsync(
            "initramfs",
            _ => _initramfs.EnsureAsync(kernel, AgentPath(), cancellationToken),
            Path.GetFileName,
            progress);
        var image = await StepAsync(
            "image", told => EnsureImageAsync(told, cancellationToken), made => $"{made.Name} {made.Digest}", progress);
        _ = await StepAsync(
            "accelerator",
            _ => _platform.PrepareAsync(kernel, initramfs, image, cancellationToken),
            choice => $"{choice.Kind.Name()}. {choice.Reason}",
            progress);
        _ = await StepAsync(
            "template",
            _ => EnsureTemplateAsync(image, cancellationToken),
            key => key,
            progress);
    }

    private async Task<T> StepAsync<T>(
        string name,
        Func<IProgress<string>, Task<T>> run,
        Func<T, string?> describe,
        IProgress<SetupStep> progress)
    {
        var started = _time.GetTimestamp();
        progress.Report(new SetupStep(name, "looking"));
        var made = await run(new StepProgress(name, progress));
        progress.Report(new SetupStep(name, describe(made) ?? "", _time.GetElapsedTime(started)));
        return made;
    }

    private async Task<Image> EnsureImageAsync(IProgress<string> progress, CancellationToken cancellationToken) =>
        _images.Find(_options.DefaultImage)
        ?? await _builder.BuildAsync(_options.DefaultImage, null, progress, cancellationToken);

    private async Task<string> EnsureTemplateAsync(Image image, CancellationToken cancellationToken)
    {
        using var lease = await _platform.GetTemplateAsync(image, MachinePlatform.DefaultSize, cancellationToken);
        return lease.Template.Recipe.Key;
    }

    private string AgentPath() => File.Exists(_options.AgentPath)
        ? _options.AgentPath
        : throw new MachineException(MachineFault.Setup, $"The guest agent {_options.AgentPath} is missing.");

    // Not Progress<T>: that would tell later, on another thread, out of order.
    private sealed class StepProgress(string name, IProgress<SetupStep> steps) : IProgress<string>
    {
        public void Report(string value) => steps.Report(new SetupStep(name, value));
    }
}
