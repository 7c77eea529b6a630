using System.Runtime.InteropServices;
using Mags.Machines.Native;
using Mags.Machines.Tools;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Kernel;

/// <summary>
/// The kernel of all guests: Debian's cloud kernel, downloaded with the host's apt and unpacked into the home. It is
/// never installed on the host.
/// </summary>
public sealed class GuestKernel(IOptions<MachinesOptions> options, TimeProvider time)
{
    private const int NeededMib = 300;

    /// <summary>What a guest loads before anything else; the rest of the kernel's modules is left away.</summary>
    private static readonly string[] _wantedModules =
        ["virtio_mmio", "virtio_console", "virtio_blk", "virtio_rng", "virtio_net", "squashfs", "overlay", "ext4"];

    private readonly string _folder = Path.Combine(options.Value.Home, "kernel");

    /// <summary>
    /// Gives the kernel, downloading it when the home has none. A kernel that is there is never exchanged.
    /// </summary>
    /// <exception cref="MachineException">It could not be downloaded or unpacked.</exception>
    public async Task<KernelFiles> EnsureAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (Find() is { } present)
        {
            return present;
        }

        Directory.CreateDirectory(_folder);
        using var held = await HomeLock.TakeAsync(Path.Combine(_folder, ".lock"), time, progress, cancellationToken);
        if (Find() is { } madeMeanwhile)
        {
            return madeMeanwhile;
        }

        DiskSpace.Require(_folder, NeededMib, "Unpacking the guest kernel");
        var work = Path.Combine(_folder, ".new");
        DurableFile.DeleteFolder(work);
        Directory.CreateDirectory(work);
        try
        {
            var package = await new KernelPackage(work, MetaPackage).DownloadAsync(progress, cancellationToken);
            progress.Report($"unpacking {Path.GetFileName(package)}");
            await UnpackAsync(package, work, cancellationToken);
        }
        finally
        {
            DurableFile.DeleteFolder(work);
        }

        return Find() ?? throw new MachineException(MachineFault.Setup, $"No kernel came to be in {_folder}.");
    }

    private static string MetaPackage => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "linux-image-cloud-amd64",
        var other => throw new MachineException(MachineFault.Setup, $"There is no guest kernel for {other} hosts yet."),
    };

    private KernelFiles? Find()
    {
        if (!Directory.Exists(_folder))
        {
            return null;
        }

        // A folder gets its name only when it is complete.
        return new DirectoryInfo(_folder).EnumerateDirectories()
            .Where(folder => !folder.Name.StartsWith('.'))
            .OrderByDescending(folder => folder.LastWriteTimeUtc)
            .Select(folder => Describe(folder.FullName))
            .FirstOrDefault();
    }

    private static KernelFiles Describe(string folder)
    {
        var modules = Path.Combine(folder, "modules");
        return new KernelFiles(
            Path.GetFileName(folder),
            Path.Combine(folder, "vmlinuz"),
            [.. File.ReadLines(Path.Combine(modules, "order")).Select(name => Path.Combine(modules, name))]);
    }

    private async Task UnpackAsync(string package, string work, CancellationToken cancellationToken)
    {
        var tree = Path.Combine(work, "tree");
        await Tool.RunAsync(Tool.Find("dpkg-deb"), ["-x", package, tree], cancellationToken);
        var releases = Directory.GetDirectories(Path.Combine(tree, "lib", "modules"));
        if (releases is not [var release])
        {
            throw new MachineException(
                MachineFault.Setup, $"{Path.GetFileName(package)} holds {releases.Length} kernels instead of one.");
        }

        var name = Path.GetFileName(release);
        var made = Path.Combine(work, "made");
        var modules = Directory.CreateDirectory(Path.Combine(made, "modules")).FullName;
        File.Move(Path.Combine(tree, "boot", $"vmlinuz-{name}"), Path.Combine(made, "vmlinuz"));
        var order = new List<string>();
        foreach (var module in ModuleClosure.Of(release).Resolve(_wantedModules))
        {
            order.Add(Path.GetFileName(module));
            File.Move(module, Path.Combine(modules, order[^1]));
            DurableFile.Flush(Path.Combine(modules, order[^1]));
        }

        await File.WriteAllLinesAsync(Path.Combine(modules, "order"), order, cancellationToken);
        DurableFile.Flush(Path.Combine(modules, "order"));
        DurableFile.Flush(Path.Combine(made, "vmlinuz"));
        Directory.Move(made, Path.Combine(_folder, $"{name}_{KernelPackage.VersionOf(package)}"));
    }
}
