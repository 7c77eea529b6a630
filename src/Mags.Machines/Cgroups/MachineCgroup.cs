using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Cgroups;

/// <summary>The cgroups of one machine, one in each hierarchy that limits something.</summary>
internal sealed class MachineCgroup : IDisposable
{
    private const double BackgroundShare = 0.1;

    private readonly IReadOnlyList<(string Folder, CgroupTree Tree)> _groups;
    private readonly MachineLimits _limits;
    private readonly List<SafeFileHandle> _entries = [];

    /// <summary>Makes the cgroups and sets their limits.</summary>
    internal MachineCgroup(IReadOnlyList<(string Folder, CgroupTree Tree)> groups, MachineLimits limits)
    {
        _groups = groups;
        _limits = limits;
        try
        {
            foreach (var (folder, tree) in groups)
            {
                _ = Directory.CreateDirectory(folder);
                foreach (var controller in tree.Controllers)
                {
                    Limit(folder, tree.IsUnified, controller);
                }

                _entries.Add(CgroupFile.Open(folder, CgroupFile.Processes));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Open files to which a process writes <c>0</c> to enter.</summary>
    internal IReadOnlyList<SafeFileHandle> Entries => _entries;

    /// <summary>Its folders.</summary>
    internal IEnumerable<string> Folders => _groups.Select(group => group.Folder);

    /// <summary>The memory limit in bytes when the kernel has killed a process of the machine for it; else null.</summary>
    internal long? ExceededMemory()
    {
        foreach (var (folder, tree) in _groups.Where(group => group.Tree.Controllers.Contains(CgroupTree.Memory)))
        {
            if (CgroupFile.Read(folder, tree.IsUnified ? "memory.events" : "memory.oom_control", "oom_kill") > 0)
            {
                return _limits.MemoryBytes;
            }
        }

        return null;
    }

    /// <summary>Gives the machine less of the processors than its size while nobody waits for it, or all again.</summary>
    internal void SetBackground(bool background)
    {
        foreach (var (folder, tree) in _groups.Where(group => group.Tree.Controllers.Contains(CgroupTree.Cpu)))
        {
            CpuShare.Write(folder, tree.IsUnified, background ? BackgroundShare : _limits.Weight);
        }
    }

    /// <summary>Removes the cgroups; no process may be in them any more.</summary>
    public void Dispose()
    {
        _entries.ForEach(entry => entry.Dispose());
        foreach (var folder in Folders.Where(Directory.Exists))
        {
            Directory.Delete(folder);
        }
    }

    private void Limit(string folder, bool unified, string controller)
    {
        switch (controller)
        {
            case CgroupTree.Memory:
                LimitMemory(folder, unified);
                break;
            case CgroupTree.Cpu:
                LimitProcessor(folder, unified);
                break;
            default:
                CgroupFile.Write(folder, "pids.max", _limits.Processes);
                break;
        }
    }

    // Without the limit of swap a machine would only be moved there, and the host with it. A host without swap has no
    // such file.
    private void LimitMemory(string folder, bool unified)
    {
        CgroupFile.Write(folder, unified ? "memory.max" : "memory.limit_in_bytes", _limits.MemoryBytes);
        var (swap, most) = unified
            ? ("memory.swap.max", 0L)
            : ("memory.memsw.limit_in_bytes", _limits.MemoryBytes);
        if (File.Exists(Path.Combine(folder, swap)))
        {
            CgroupFile.Write(folder, swap, most);
        }
    }

    private void LimitProcessor(string folder, bool unified)
    {
        var quota = (long)(_limits.Cpus * CpuShare.Period);
        if (unified)
        {
            CgroupFile.Write(folder, "cpu.max", $"{quota} {CpuShare.Period}");
        }
        else
        {
            CgroupFile.Write(folder, "cpu.cfs_period_us", CpuShare.Period);
            CgroupFile.Write(folder, "cpu.cfs_quota_us", quota);
        }

        CpuShare.Write(folder, unified, _limits.Weight);
    }
}
