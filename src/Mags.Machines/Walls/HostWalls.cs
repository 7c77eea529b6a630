using Mags.Machines.Acceleration;
using Mags.Machines.Cgroups;
using Mags.Machines.Native;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Walls;

/// <summary>
/// Puts up the walls of this host once, and tells which stand. Whatever cannot stand is said, in the log and in the
/// server's status; a machine runs behind those that do.
/// </summary>
internal sealed partial class HostWalls(
    HomeFolders folders, IOptions<MachinesOptions> options, ILogger<HostWalls> logger) : IDisposable
{
    private const string NotRoot = "The server does not run as root.";

    private readonly Lock _lock = new();
    private readonly MachineCgroups _cgroups = new(folders, CgroupTree.OfThisHost());
    private JailNamespaces? _namespaces;
    private Task<IReadOnlyList<Wall>>? _puttingUp;
    private IReadOnlyList<Wall>? _walls;

    private static bool IsRoot => LibC.GetEffectiveUserId() == 0;

    /// <summary>Puts up what all machines share; the first call does it, and one that failed is followed by another.</summary>
    internal async Task PrepareAsync(QemuProgram qemu, CancellationToken cancellationToken)
    {
        Task<IReadOnlyList<Wall>> task;
        lock (_lock)
        {
            // Not cancelled with the first who asks: others wait for the same.
            task = _puttingUp is null or { IsFaulted: true }
                ? _puttingUp = Task.Run(() => PutUpAsync(qemu), CancellationToken.None)
                : _puttingUp;
        }

        _walls = await task.WaitAsync(cancellationToken);
    }

    /// <summary>All walls, that of the processor first; empty until they are put up.</summary>
    internal IReadOnlyList<Wall> List(AcceleratorChoice? accelerator) => _walls is null || accelerator is null
        ? []
        :
        [
            new Wall(WallNames.Hardware, accelerator.Kind == AcceleratorKind.Kvm, accelerator.Kind == AcceleratorKind.Kvm
                ? "KVM, with nested virtualisation masked."
                : $"QEMU promises isolation with a hardware accelerator only. {accelerator.Reason}"),
            .. _walls,
        ];

    /// <summary>The confinement of a machine's hypervisor; its cgroup is removed by the cleanup stack.</summary>
    /// <param name="machineId">The machine's id.</param>
    /// <param name="setup">What the hypervisor is made of.</param>
    /// <param name="user">User that it becomes; null for none of its own.</param>
    /// <param name="cleanup">The machine's cleanup stack, before its hypervisor's end is on it.</param>
    internal Confinement Confine(string machineId, QemuSetup setup, uint? user, CleanupStack cleanup)
    {
        MachineCgroup? cgroup = null;
        if (IsRoot)
        {
            cgroup = _cgroups.Create(machineId, MachineLimits.Of(setup.Size, options.Value));
            cleanup.Push("remove cgroup", cgroup.Dispose);
        }

        return new Confinement
        {
            Launcher = options.Value.JailPath,
            User = user,
            DeviceGroup = user is not null && setup.Accelerator == AcceleratorKind.Kvm ? KvmDevice.Group : null,
            Namespaces = _namespaces?.Handles ?? [],
            Cgroup = cgroup,
            FileBytes = FileLimit.Of(options.Value),
            Processes = options.Value.HypervisorProcesses,
        };
    }

    public void Dispose()
    {
        _namespaces?.Dispose();
        if (_walls is not null && IsRoot)
        {
            _cgroups.RemoveParents();
        }
    }

    private async Task<IReadOnlyList<Wall>> PutUpAsync(QemuProgram qemu)
    {
        if (!File.Exists(options.Value.JailPath))
        {
            throw new MachineException(MachineFault.Setup, $"The launcher {options.Value.JailPath} is missing.");
        }

        var noView = await MakeViewAsync(qemu.Path);
        var noCgroup = IsRoot ? _cgroups.Prepare() : CgroupTree.Wanted.ToDictionary(name => name, _ => NotRoot);
        IReadOnlyList<Wall> walls =
        [
            Of(WallNames.User, "Each machine has a user and group of its own, no capability, and can gain none.",
                IsRoot ? null : NotRoot),
            Of(WallNames.SystemCalls, "QEMU's seccomp filter denies obsolete, privileged, spawning and resource calls."),
            Of(WallNames.Files, "QEMU sees its program, libraries, firmware and four devices, read-only.", noView),
            Of(WallNames.Network, "QEMU is in a network namespace without interfaces.", noView),
            Of(WallNames.Memory, "A cgroup limits the memory of guest and hypervisor.", Why(CgroupTree.Memory)),
            Of(WallNames.Processor, "A cgroup limits processor time.", Why(CgroupTree.Cpu)),
            Of(WallNames.Processes, "A cgroup limits processes and threads.", Why(CgroupTree.Pids)),
            Of(WallNames.Disk, "QEMU throttles the writable disk."),
            Of(WallNames.Limits, "No core dump; files, handles and locked memory are bounded."),
            Of(WallNames.Template, "The template's memory is sealed against any change."),
        ];
        foreach (var wall in walls.Where(wall => !wall.Stands))
        {
            LogAbsent(wall.Name, wall.Detail);
        }

        return walls;

        string? Why(string controller) => noCgroup.TryGetValue(controller, out var reason) ? reason : null;
    }

    private async Task<string?> MakeViewAsync(string qemu)
    {
        if (!IsRoot)
        {
            return NotRoot;
        }

        try
        {
            var contents = await JailContents.FindAsync(qemu, CancellationToken.None);
            _ = Directory.CreateDirectory(folders.Home);
            _namespaces = await JailNamespaces.MakeAsync(
                options.Value.JailPath, folders.Home, contents, JailNamespaces.All, CancellationToken.None);
            return null;
        }
        catch (Exception e) when (e is MachineException or IOException)
        {
            return e.Message;
        }
    }

    private static Wall Of(string name, string what, string? whyNot = null) => new(name, whyNot is null, whyNot ?? what);

    [LoggerMessage(LogLevel.Warning, "The wall {Wall} does not stand: {Reason}")]
    private partial void LogAbsent(string wall, string reason);
}
