using Grpc.Core;
using Mags.Machines.Agent;
using Mags.Machines.Native;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Mags.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Templates;

/// <summary>Boots a guest once, warms it and saves it.</summary>
internal sealed partial class TemplateBooter(
    HomeFolders folders,
    QemuLauncher launcher,
    IOptions<MachinesOptions> options,
    TimeProvider time,
    ILogger<TemplateBooter> logger)
{
    private const string ConsoleFile = "console.log";

    // After the host has hung up, the guest's agent returns to waiting for a handshake; a template is saved only then.
    private static readonly TimeSpan _settle = TimeSpan.FromMilliseconds(400);

    /// <summary>Makes a template, trying again when a boot fails or hangs.</summary>
    /// <exception cref="MachineException">No attempt succeeded.</exception>
    internal async Task<Template> MakeAsync(TemplateRecipe recipe, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await MakeOnceAsync(
                    recipe, TimeSpan.FromSeconds(options.Value.BootDeadlineSeconds), cancellationToken);
            }
            catch (MachineException e) when (attempt < options.Value.BootAttempts && e.Reason != MachineFault.Setup)
            {
                LogFailed(recipe.Key, attempt, e.Message);
            }
        }
    }

    /// <summary>Makes a template in one attempt within a deadline.</summary>
    internal async Task<Template> MakeOnceAsync(
        TemplateRecipe recipe, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var folder = new MachineFolder(folders);
        var making = Path.Combine(folder.FullPath, "template");
        await using var cleanup = new CleanupStack(folder.Id, time, logger);
        try
        {
            return await MakeInAsync(folder, making, recipe, cleanup, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or HttpRequestException && limit.IsCancellationRequested
            && !cancellationToken.IsCancellationRequested)
        {
            throw Failed($"did not finish within {deadline.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (e is RpcException or HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            throw Failed($"failed: {e.Message.TrimEnd('.')}", e);
        }

        MachineException Failed(string how, Exception e) =>
            new(MachineFault.NoTemplate, $"The guest's boot {how}. {LastWords(folder.PathOf(ConsoleFile))}", e);
    }

    private async Task<Template> MakeInAsync(
        MachineFolder folder, string making, TemplateRecipe recipe, CleanupStack cleanup, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        _ = Directory.CreateDirectory(making);
        using var memory = MemoryFile.Create("guest", (long)recipe.Size.MemoryMib << 20);
        var generation = await SaveAsync(folder, making, recipe, memory, cleanup, cancellationToken);
        MemoryFile.DropZeroPages(memory);
        _ = Directory.CreateDirectory(folders.Templates);
        var target = Path.Combine(folders.Templates, recipe.Key);
        var elapsed = time.GetElapsedTime(start);
        var meta = new TemplateMeta(
            recipe.ImageDigest, recipe.Size.Vcpus, recipe.Size.MemoryMib, generation, elapsed.TotalMilliseconds);
        TemplateFolder.Complete(making, target, memory, meta);
        LogMade(recipe.Key, elapsed.TotalMilliseconds);
        return TemplateFolder.Load(target, recipe)
            ?? throw new MachineException(MachineFault.NoTemplate, $"The template in {target} cannot be read.");
    }

    private async Task<uint> SaveAsync(
        MachineFolder folder,
        string making,
        TemplateRecipe recipe,
        SafeFileHandle memory,
        CleanupStack cleanup,
        CancellationToken cancellationToken)
    {
        await using var qemu = await StartAsync(folder, recipe, memory, cleanup, cancellationToken);
        var generation = await WarmAsync(qemu, cancellationToken);
        await Task.Delay(_settle, time, cancellationToken);
        using var state = File.OpenHandle(
            Path.Combine(making, TemplateFolder.StateFile), FileMode.CreateNew, FileAccess.Write);
        await qemu.SaveStateAsync(state, cancellationToken);
        await qemu.QuitAsync(cancellationToken);
        RandomAccess.FlushToDisk(state);
        return generation;
    }

    private async Task<QemuProcess> StartAsync(
        MachineFolder folder,
        TemplateRecipe recipe,
        SafeFileHandle memory,
        CleanupStack cleanup,
        CancellationToken cancellationToken)
    {
        // Kernel and initramfs go in as copies in memory: QEMU's user may not be allowed to read the home folder.
        using var kernel = MemoryFile.CopyOf(recipe.KernelPath);
        using var initramfs = MemoryFile.CopyOf(recipe.InitramfsPath);
        using var image = File.OpenHandle(recipe.ImagePath);
        using var console = File.OpenHandle(
            folder.PathOf(ConsoleFile), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        var setup = new QemuSetup
        {
            Marker = folder.Marker,
            Accelerator = recipe.Accelerator,
            Size = recipe.Size,
            Memory = memory,
            Image = image,
            Boot = new BootFiles(kernel, initramfs, recipe.KernelCommandLine, console),
        };
        return await launcher.StartAsync(folder, setup, cleanup, cancellationToken);
    }

    private async Task<uint> WarmAsync(QemuProcess qemu, CancellationToken cancellationToken)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ = qemu.Exited.ContinueWith(
            _ => gone.CancelAsync(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await using var channel = new AgentChannel(qemu.ConnectAgentAsync, time);
        try
        {
            var hello = await channel.Client.HelloAsync(
                new HelloRequest { Generation = ProtocolGeneration.Current }, cancellationToken: gone.Token);
            if (hello.Generation < ProtocolGeneration.OldestGuest)
            {
                throw new MachineException(
                    MachineFault.NoTemplate, $"The guest's agent is too old (generation {hello.Generation}).");
            }

            var warm = new WarmRequest();
            warm.Commands.AddRange(WarmUp.Commands);
            _ = await channel.Client.WarmAsync(warm, cancellationToken: gone.Token);
            return Math.Min(hello.Generation, ProtocolGeneration.Current);
        }
        catch (Exception e) when (qemu.Exited.IsCompleted && e is RpcException or HttpRequestException or IOException or OperationCanceledException)
        {
            throw new IOException($"QEMU {await qemu.Exited}", e);
        }
    }

    private static string LastWords(string console)
    {
        string[] lines = File.Exists(console)
            ? [.. File.ReadLines(console).Select(line => line.Trim()).Where(line => line.Length > 0)]
            : [];
        // The agent says why it gives up in one line, and then where, in many.
        var words = lines.FirstOrDefault(line => line.StartsWith("mags-agent: ", StringComparison.Ordinal)
                && line != "mags-agent: ready")
            ?? string.Join(" / ", lines.TakeLast(3));
        return words.Length > 0 ? $"Its console: {words}" : "Its console is empty.";
    }

    [LoggerMessage(LogLevel.Information, "Template {Key}: made in {Milliseconds:0} ms")]
    private partial void LogMade(string key, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "Template {Key}: attempt {Attempt} failed: {Reason}")]
    private partial void LogFailed(string key, int attempt, string reason);
}
