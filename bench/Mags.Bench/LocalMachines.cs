using System.Diagnostics;
using Mags.Machines;
using Mags.Machines.Agent;
using Mags.Machines.Disks;
using Mags.Machines.Images;
using Mags.Machines.Native;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Mags.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Bench;

/// <summary>Machines without a server: a cold boot of the very guest that the template holds, and a restore's steps.</summary>
internal sealed class LocalMachines : IAsyncDisposable
{
    private const int DiskGb = 2;

    private readonly ServiceProvider _services;
    private readonly Template _template;

    private LocalMachines(ServiceProvider services, Template template) => (_services, _template) = (services, template);

    public string ImagePath => _template.Recipe.ImagePath;

    public static async Task<LocalMachines> PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.Configure<MachinesOptions>(machines =>
        {
            machines.Home = options.Home;
            machines.AgentPath = options.Agent;
            machines.JailPath = options.Jail;
        });
        services.AddMagsMachineSetup();
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<MachineSetup>().RunAsync(new Progress<SetupStep>(), cancellationToken);
        var image = provider.GetRequiredService<ImageCatalog>().Find("debian")!;
        var lease = await provider.GetRequiredService<MachinePlatform>()
            .GetTemplateAsync(image, MachinePlatform.DefaultSize, cancellationToken);
        return new LocalMachines(provider, lease.Template);
    }

    /// <summary>From the start of QEMU with kernel and initramfs to the first output of a script, in milliseconds.</summary>
    public async Task<double> ColdBootAsync(CancellationToken cancellationToken)
    {
        var recipe = _template.Recipe;
        var blank = await _services.GetRequiredService<BlankDisks>().EnsureAsync(DiskGb, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        using var folder = new MachineFolder(_services.GetRequiredService<HomeFolders>());
        await using var cleanup = new CleanupStack(folder.Id, TimeProvider.System, NullLogger.Instance);
        using var disk = WritableDisk.Empty(blank, folder.PathOf("disk.qcow2"));
        using var memory = MemoryFile.Create("guest", (long)recipe.Size.MemoryMib << 20);
        using var kernel = MemoryFile.CopyOf(recipe.KernelPath);
        using var initramfs = MemoryFile.CopyOf(recipe.InitramfsPath);
        using var image = File.OpenHandle(recipe.ImagePath);
        using var console = File.OpenHandle(folder.PathOf("console.log"), FileMode.CreateNew, FileAccess.Write);
        var setup = new QemuSetup
        {
            Marker = folder.Marker,
            Accelerator = recipe.Accelerator,
            Size = recipe.Size,
            Memory = memory,
            Image = image,
            Disk = disk,
            Boot = new BootFiles(kernel, initramfs, recipe.KernelCommandLine, console),
        };
        await using var qemu = await _services.GetRequiredService<QemuLauncher>()
            .StartAsync(folder, setup, cleanup, cancellationToken);
        await using var channel = new AgentChannel(qemu.ConnectAgentAsync, TimeProvider.System);
        using var call = GuestCall.Open(channel);
        _ = await call.IdentifyAsync(new ExecInput { Claim = Claim(disk.Blank.SizeBytes) }, cancellationToken);
        await using var process = new GuestProcess(channel, Echo(), TimeProvider.System, cancellationToken)
        {
            Opened = call.Take(),
        };
        while (await process.NextAsync() is not ProcessOutput)
        {
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>The steps of starts on an empty disk, each step's times over all runs.</summary>
    /// <param name="runs">How often.</param>
    /// <param name="readiness">How far the machine had come that was taken; null when one is restored each time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<Row>> StepsAsync(int runs, Readiness? readiness, CancellationToken cancellationToken) =>
        StepsAsync(runs, readiness, _ => null, cancellationToken);

    /// <summary>The steps of starts from a workspace, in machines that wait for any disk.</summary>
    public async Task<IReadOnlyList<Row>> WorkspaceStepsAsync(int runs, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("mags-bench-").FullName;
        try
        {
            var blank = await _services.GetRequiredService<BlankDisks>().EnsureAsync(DiskGb, cancellationToken);
            var layer = Path.Combine(folder, "layer.qcow2");
            await using (var machine = await MakeAsync(null, new MachineDisk([blank.Path], layer), cancellationToken))
            {
                _ = await FirstLineAsync(machine, cancellationToken);
                await machine.SealDiskAsync(cancellationToken);
            }

            return await StepsAsync(
                runs,
                Readiness.Rehearsed,
                run => new MachineDisk([blank.Path, layer], Path.Combine(folder, $"{run}.qcow2")),
                cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    private async Task<IReadOnlyList<Row>> StepsAsync(
        int runs, Readiness? readiness, Func<int, MachineDisk?> disk, CancellationToken cancellationToken)
    {
        var times = new Dictionary<string, List<double>>();
        for (var run = 0; run < runs; run++)
        {
            await using var machine = await MakeAsync(readiness, disk(run), cancellationToken);
            var firstLine = await FirstLineAsync(machine, cancellationToken);
            foreach (var step in machine.Steps)
            {
                Add(step.Name, step.Elapsed.TotalMilliseconds);
            }

            Add("spawn and first line", firstLine);
        }

        return [.. times.Select(step => new Row(step.Key, step.Value))];

        void Add(string name, double milliseconds)
        {
            times.TryAdd(name, []);
            times[name].Add(milliseconds);
        }
    }

    private async Task<MicroVm> MakeAsync(Readiness? readiness, MachineDisk? disk, CancellationToken cancellationToken)
    {
        var factory = _services.GetRequiredService<MachineFactory>();
        var request = new MachineRequest
        {
            Image = "debian",
            Size = _template.Recipe.Size,
            DiskGb = DiskGb,
            HostName = "bench",
            Disk = disk,
        };
        if (readiness is null)
        {
            return await factory.MakeAsync(_template, request, cancellationToken);
        }

        var waiting = await factory.MakeWaitingAsync(null, _template, DiskGb, readiness.Value, cancellationToken);
        return await factory.ClaimAsync(waiting, request, cancellationToken);
    }

    private static async Task<double> FirstLineAsync(MicroVm machine, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await machine.RunAsync(Echo(), cancellationToken).FirstAsync(next => next is ProcessOutput, cancellationToken);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static ProcessSpec Echo() => new() { Arguments = ["/bin/sh"], Script = "echo hi"u8.ToArray() };

    private static ClaimRequest Claim(long diskBytes)
    {
        var identity = ClaimIdentity.Create();
        return new ClaimRequest
        {
            Entropy = identity.Entropy,
            BootId = identity.BootId,
            HostName = "bench",
            DiskBytes = (ulong)diskBytes,
            UnixTimeNs = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100,
        };
    }
}
