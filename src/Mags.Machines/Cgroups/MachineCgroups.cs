using System.Globalization;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Cgroups;

/// <summary>
/// The cgroups of this home's machines: in each hierarchy one parent for the home, named after its range of user ids, and
/// one child for each machine, named after it.
/// </summary>
internal sealed class MachineCgroups(HomeFolders folders, IReadOnlyList<CgroupTree> trees)
{
    // Where a server in a container puts itself, when it stands alone in what the container sees as the root.
    private const string ServerGroup = "mags-server";

    private readonly List<CgroupTree> _usable = [];
    private readonly CgroupRecord _record = new(folders);
    private readonly string _name =
        "mags-" + new UidRange(folders.Home).First.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>Makes ready what can be used.</summary>
    /// <returns>Why a controller cannot be used, for each that cannot.</returns>
    internal IReadOnlyDictionary<string, string> Prepare()
    {
        var absent = CgroupTree.Wanted.Except(trees.SelectMany(tree => tree.Controllers))
            .ToDictionary(controller => controller, controller => $"This host has no {controller} cgroup.");
        foreach (var tree in trees)
        {
            try
            {
                MakeParent(tree);
                _usable.Add(tree);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                foreach (var controller in tree.Controllers)
                {
                    absent[controller] = $"The cgroup {ParentIn(tree)} cannot be made: {e.Message}";
                }
            }
        }

        return absent;
    }

    /// <summary>Makes the cgroups of a machine.</summary>
    internal MachineCgroup Create(string machineId, MachineLimits limits)
    {
        // Another server of this home that has stopped meanwhile has removed them.
        foreach (var tree in _usable.Where(tree => !Directory.Exists(ParentIn(tree))))
        {
            MakeParent(tree);
        }

        return new MachineCgroup(
            [.. _usable.Select(tree => (Path.Combine(ParentIn(tree), machineId), tree))], limits);
    }

    /// <summary>Removes the parents; one that another server of this home still uses stays.</summary>
    internal void RemoveParents()
    {
        foreach (var parent in _usable.Select(ParentIn).Where(Directory.Exists))
        {
            try
            {
                Directory.Delete(parent);
            }
            catch (IOException)
            {
                // In use.
            }
        }
    }

    private string ParentIn(CgroupTree tree) => Path.Combine(tree.Base, _name);

    private void MakeParent(CgroupTree tree)
    {
        var parent = ParentIn(tree);
        _record.Add(parent);
        if (tree.IsUnified)
        {
            var wanted = string.Join(' ', tree.Controllers.Select(controller => "+" + controller));
            Delegate(tree.Base, wanted);
            _ = Directory.CreateDirectory(parent);
            CgroupFile.Write(parent, CgroupFile.SubtreeControl, wanted);
        }
        else
        {
            _ = Directory.CreateDirectory(parent);
        }

        if (tree.Controllers.Contains(CgroupTree.Cpu))
        {
            // All machines together are as one busy process on each processor, so that the server answers beside them.
            CpuShare.Write(parent, tree.IsUnified, Environment.ProcessorCount);
        }
    }

    private static void Delegate(string folder, string controllers)
    {
        try
        {
            CgroupFile.Write(folder, CgroupFile.SubtreeControl, controllers);
        }
        catch (IOException) when (CgroupFile.ReadProcesses(folder) is [var only] && only == Environment.ProcessId)
        {
            // The root that a container sees is no true root: it may have processes or limited children, not both.
            var leaf = Path.Combine(folder, ServerGroup);
            _ = Directory.CreateDirectory(leaf);
            CgroupFile.Write(leaf, CgroupFile.Processes, Environment.ProcessId);
            CgroupFile.Write(folder, CgroupFile.SubtreeControl, controllers);
        }
    }
}
