using Mags.Machines.Cgroups;

namespace Mags.Machines.Tests.Cgroups;

public sealed class CgroupTreeTests
{
    private static readonly string[] _hybrid =
    [
        "30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
        "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
        "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
        "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
    ];

    [Fact]
    public void Parse_MountInfo_FindsEachHierarchy() =>
        Assert.Equal(
            [("/sys/fs/cgroup/cpu,cpuacct", false), ("/sys/fs/cgroup/memory", false), ("/sys/fs/cgroup/unified", true)],
            CgroupMount.Parse(_hybrid).Select(mount => (mount.Path, mount.IsUnified)));

    [Fact]
    public void Of_LegacyHierarchies_TakeWhatEachHas() =>
        Assert.Equal(
            [("/sys/fs/cgroup/cpu,cpuacct", "cpu"), ("/sys/fs/cgroup/memory", "memory")],
            CgroupTree.Of(CgroupMount.Parse(_hybrid[..3]), ["4:memory:/no/such", "1:cpu,cpuacct:/"])
                .Select(tree => (tree.Base, string.Join(',', tree.Controllers))));

    [Theory]
    [InlineData("/", "/a/b", "/m/a/b")]
    [InlineData("/", "/", "/m")]
    [InlineData("/docker/1", "/docker/1/a", "/m/a")]
    [InlineData("/docker/1", "/a", "/m/a")]
    public void FolderOf_CgroupOfAProcess_IsBelowTheMount(string root, string cgroup, string folder) =>
        Assert.Equal(folder, new CgroupMount("/m", root, false, []).FolderOf(cgroup));
}
