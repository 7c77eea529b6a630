using Mags.Machines.Acceleration;
using Mags.Machines.Images;
using Mags.Machines.Kernel;
using Mags.Machines.Qemu;
using Mags.Machines.Templates;
using Microsoft.Extensions.Options;

namespace Mags.Machines;

/// <summary>What this node runs machines with, known once kernel, initramfs and a first image are there.</summary>
internal sealed class MachinePlatform(
    QemuLauncher launcher,
    HostClock clock,
    AcceleratorChooser chooser,
    TemplateStore templates,
    IOptions<MachinesOptions> options)
{
    private TemplateRecipe? _basis;

    /// <summary>Size of a machine when none is asked for, and of the first template.</summary>
    internal static MachineSize DefaultSize => new(1, 1024);

    /// <summary>The accelerator with its reason; null until chosen.</summary>
    internal AcceleratorChoice? Accelerator { get; private set; }

    /// <summary>Finds QEMU and puts up the walls, measures the clock and chooses the accelerator.</summary>
    /// <param name="kernel">The guest kernel.</param>
    /// <param name="initramfs">Path of the initramfs, named by its digest.</param>
    /// <param name="image">The image that a trial of an accelerator may use.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal async Task<AcceleratorChoice> PrepareAsync(
        KernelFiles kernel, string initramfs, Image image, CancellationToken cancellationToken)
    {
        var qemu = await launcher.PrepareAsync(cancellationToken);
        var basis = new TemplateRecipe
        {
            ImageDigest = image.Digest,
            ImagePath = image.Path,
            Size = DefaultSize,
            Accelerator = AcceleratorKind.Kvm,
            KernelVersion = kernel.Version,
            KernelPath = kernel.Vmlinuz,
            InitramfsPath = initramfs,
            QemuVersion = qemu.Version,
            CpuModel = HostCpu.Model(),
            TscKhz = await clock.MeasureAsync(cancellationToken),
            RandomAddresses = options.Value.TcgRandomAddresses,
        };
        Accelerator = await chooser.ChooseAsync(basis, cancellationToken);
        _basis = basis with { Accelerator = Accelerator.Kind };
        return Accelerator;
    }

    /// <summary>The template of an image and size, made now if it is missing. The caller ends the lease.</summary>
    internal Task<TemplateLease> GetTemplateAsync(Image image, MachineSize size, CancellationToken cancellationToken) =>
        templates.GetAsync(RecipeOf(image.Digest, image.Path, size), cancellationToken);

    /// <summary>
    /// Removes templates of images that are gone, or made from anything that has changed. Those of an image's earlier
    /// builds stay: workspaces go on with the build that they began with.
    /// </summary>
    internal void RemoveOutdatedTemplates(ImageCatalog images) =>
        templates.RemoveOutdated((key, meta) =>
            images.Contains(meta.Image)
            && RecipeOf(meta.Image, "", new MachineSize(meta.Vcpus, meta.MemoryMib)).Key == key);

    private TemplateRecipe RecipeOf(string imageDigest, string imagePath, MachineSize size) =>
        (_basis ?? throw new InvalidOperationException("The platform is not prepared.")) with
        {
            ImageDigest = imageDigest,
            ImagePath = imagePath,
            Size = size,
        };
}
