using Mags.Machines.Acceleration;
using Mags.Machines.Disks;
using Mags.Machines.Images;
using Mags.Machines.Kernel;
using Mags.Machines.Network;
using Mags.Machines.Pool;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Mags.Machines.Walls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines;

/// <summary>Registers this project's services.</summary>
public static class AddMagsMachinesExtensions
{
    /// <summary>
    /// Adds <see cref="IMachineHost"/>, the image catalog and builder, <see cref="MachineSetup"/>, and the hosted service
    /// that makes the host ready. The caller binds <see cref="MachinesOptions"/>.
    /// </summary>
    public static IServiceCollection AddMagsMachines(this IServiceCollection services)
    {
        services.AddMagsMachineSetup();
        services.TryAddSingleton<LeftoverReclaimer>();
        services.TryAddSingleton<MachineHost>();
        services.TryAddSingleton<IMachineHost>(provider => provider.GetRequiredService<MachineHost>());
        services.TryAddSingleton<MachinePool>();
        services.TryAddSingleton<LayerQemu>();
        services.TryAddSingleton(provider => new LayerMerger(
            provider.GetRequiredService<LayerQemu>(),
            provider.GetRequiredService<BlankDisks>(),
            provider.GetRequiredService<LayerFiles>(),
            provider.GetRequiredService<ILogger<LayerMerger>>()));
        services.TryAddSingleton(provider => new LayerDisks(
            provider.GetRequiredService<LayerQemu>(),
            provider.GetRequiredService<BlankDisks>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IMemoryYield>(provider => provider.GetRequiredService<MachinePool>());
        services.AddHostedService<MachineHostService>();
        return services.AddHostedService<PoolKeeper>();
    }

    /// <summary>Adds what makes kernel, images and templates, for a process that runs no machines for others.</summary>
    public static IServiceCollection AddMagsMachineSetup(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<HomeFolders>();
        services.TryAddSingleton<GuestKernel>();
        services.TryAddSingleton<Initramfs>();
        services.TryAddSingleton<ImageCatalog>();
        services.TryAddSingleton<ImageBuilder>();
        services.TryAddSingleton(provider => new UidRange(provider.GetRequiredService<HomeFolders>().Home));
        services.TryAddSingleton<HostWalls>();
        services.TryAddSingleton<SandboxNetwork>();
        services.TryAddSingleton<QemuLauncher>();
        services.TryAddSingleton<HostClock>();
        services.TryAddSingleton<BlankDisks>();
        services.TryAddSingleton(provider => new LayerFiles(
            provider.GetRequiredService<HomeFolders>(), provider.GetRequiredService<BlankDisks>()));
        services.TryAddSingleton<RestoreSlots>();
        services.TryAddSingleton<MachineRestorer>();
        services.TryAddSingleton<MachineClaimer>();
        services.TryAddSingleton<MachineFactory>();
        services.TryAddSingleton<TemplateBooter>();
        services.TryAddSingleton<TemplateStore>();
        services.TryAddSingleton<KvmTrial>();
        services.TryAddSingleton<AcceleratorRecordFile>();
        services.TryAddSingleton<AcceleratorChooser>();
        services.TryAddSingleton<MachinePlatform>();
        services.TryAddSingleton(provider => new MachineSetup(
            provider.GetRequiredService<GuestKernel>(),
            provider.GetRequiredService<Initramfs>(),
            provider.GetRequiredService<ImageCatalog>(),
            provider.GetRequiredService<ImageBuilder>(),
            provider.GetRequiredService<MachinePlatform>(),
            provider.GetRequiredService<IOptions<MachinesOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
