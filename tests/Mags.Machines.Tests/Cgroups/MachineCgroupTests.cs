using Mags.Machines.Cgroups;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Cgroups;

public sealed class MachineCgroupTests
{
    // In a folder that is no cgroup there is no limit to set.
    [Fact]
    public void New_LimitThatCanNotBeSet_IsAnErrorAndLeavesNothing()
    {
        using var root = new TemporaryFolder();
        var tree = new CgroupTree(root, IsUnified: true, [CgroupTree.Pids]);
        var folder = Path.Combine(root, "machine");

        Assert.ThrowsAny<IOException>(() => new MachineCgroup(
            [(folder, tree)], new MachineLimits(MemoryBytes: 1 << 20, Cpus: 1, Weight: 1, Processes: 8)));

        Assert.False(Directory.Exists(folder));
    }
}
