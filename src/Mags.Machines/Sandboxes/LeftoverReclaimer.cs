using System.Globalization;
using System.Text;
using Mags.Machines.Cgroups;
using Mags.Machines.Native;
using Mags.Machines.Network;
using Mags.Machines.Qemu;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Ends and removes what a dead server of the same home left: QEMU processes, found by the marker in their command line
/// and in its cgroups, their passts, the cgroups, machine folders, and half-made files. A machine whose owner lives (its folder is locked) is left alone.
/// </summary>
internal sealed partial class LeftoverReclaimer(HomeFolders folders, TimeProvider time, ILogger<LeftoverReclaimer> logger)
{
    /// <summary>How long a killed process may take to be gone.</summary>
    internal static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    /// <summary>Reclaims; called before the first machine is made.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var living = LivingMachines();
        foreach (var (pid, machineId) in FindProcesses())
        {
            if (!living.Contains(machineId))
            {
                await KillAsync(pid, machineId, cancellationToken);
            }
        }

        // Each ends with its machine's QEMU by itself; this is for one that does not.
        foreach (var pid in new PasstLeftovers(folders).Find(UsersOf(living)))
        {
            await EndPasstAsync(pid, cancellationToken);
        }

        var cgroups = new CgroupReclaimer(new CgroupRecord(folders), time);
        foreach (var machineId in await cgroups.RunAsync(living, cancellationToken))
        {
            LogCgroup(machineId);
        }

        foreach (var folder in SubfoldersOf(folders.Machines).Where(f => !living.Contains(Path.GetFileName(f))))
        {
            Directory.Delete(folder, recursive: true);
            LogFolder(folder);
        }

        DeleteHalfMade(folders.Home);
        DeleteHalfMade(folders.Blanks);
        DeleteHalfMade(folders.Templates);
    }

    private HashSet<string> LivingMachines()
    {
        var living = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in SubfoldersOf(folders.Machines))
        {
            using var handle = new FolderHandle(folder);
            if (!handle.TryLock())
            {
                _ = living.Add(Path.GetFileName(folder));
            }
        }

        return living;
    }

    private List<(int Pid, string MachineId)> FindProcesses()
    {
        var found = new List<(int, string)>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var pid)
                && MachineOf(pid) is { } machineId)
            {
                found.Add((pid, machineId));
            }
        }

        return found;
    }

    private HashSet<uint> UsersOf(HashSet<string> machines) =>
        [.. FindProcesses().Where(found => machines.Contains(found.MachineId)).Select(found => ProcessOwner.Of(found.Pid)).OfType<uint>()];

    private async Task EndPasstAsync(int pid, CancellationToken cancellationToken)
    {
        try
        {
            using var process = ChildProcess.Attach(pid);
            if (PasstLeftovers.IsPasst(pid))
            {
                process.Kill();
                _ = await process.Exited.WaitAsync(KillLimit, time, cancellationToken);
                LogPasst(pid);
            }
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            LogNotKilled(e, pid, "unknown");
        }
    }

    private async Task KillAsync(int pid, string machineId, CancellationToken cancellationToken)
    {
        try
        {
            using var process = ChildProcess.Attach(pid);
            // Looked at again now that the handle is held: the number may mean another process since the first look.
            if (MachineOf(pid) == machineId)
            {
                process.Kill();
                _ = await process.Exited.WaitAsync(KillLimit, time, cancellationToken);
                LogProcess(pid, machineId);
            }
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            LogNotKilled(e, pid, machineId);
        }
    }

    /// <summary>
    /// The machine that a process runs for this home, or null. Anybody can start a process with such a command line, and
    /// a container's server can have the same path: so it must also run as a user of ours in our own PID namespace.
    /// </summary>
    private string? MachineOf(int pid)
    {
        try
        {
            var prefix = QemuCommandLine.MarkerArgument(folders.Marker(""));
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline")).Split('\0');
            var marker = arguments.FirstOrDefault(argument => argument.StartsWith(prefix, StringComparison.Ordinal));
            return marker is not null && IsOurs(pid) ? marker[prefix.Length..] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended while it was looked at, or is another user's.
            return null;
        }
    }

    private bool IsOurs(int pid)
    {
        var uid = ProcessOwner.Of(pid);
        return uid is { } user && (user == LibC.GetEffectiveUserId() || new UidRange(folders.Home).Contains(user));
    }

    private void DeleteHalfMade(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(folder, HomeFolders.TemporaryPrefix + "*"))
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }

            LogFolder(path);
        }
    }

    private static string[] SubfoldersOf(string folder) =>
        Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];

    [LoggerMessage(LogLevel.Warning, "Ended QEMU with pid {Pid} of machine {MachineId}, left by an earlier server")]
    private partial void LogProcess(int pid, string machineId);

    [LoggerMessage(LogLevel.Warning, "Ended passt with pid {Pid}, left by an earlier server")]
    private partial void LogPasst(int pid);

    [LoggerMessage(LogLevel.Warning, "The process with pid {Pid} of machine {MachineId}, left by an earlier server, did not end")]
    private partial void LogNotKilled(Exception exception, int pid, string machineId);

    [LoggerMessage(LogLevel.Information, "Removed the cgroup of machine {MachineId}, left by an earlier server")]
    private partial void LogCgroup(string machineId);

    [LoggerMessage(LogLevel.Information, "Removed {Path}, left by an earlier server")]
    private partial void LogFolder(string path);
}
