using Mags.Machines.Kernel;

namespace Mags.Machines.Tests.Kernel;

public sealed class ModuleClosureTests
{
    private static readonly Dictionary<string, string[]> _needs = new()
    {
        ["virtio_net"] = ["net_failover", "virtio"],
        ["net_failover"] = ["failover"],
        ["failover"] = [],
        ["virtio"] = ["virtio_ring"],
        ["virtio_ring"] = [],
        ["overlay"] = [],
        ["broken"] = ["gone"],
    };

    [Fact]
    public void Resolve_ModulesWithDependencies_PutsEachAfterWhatItNeeds()
    {
        var order = Closure().Resolve(["overlay", "virtio_net"]);

        Assert.Equal(
            ["overlay.ko", "failover.ko", "net_failover.ko", "virtio_ring.ko", "virtio.ko", "virtio_net.ko"], order);
    }

    [Fact]
    public void Resolve_ModuleThatSeveralNeed_ListsItOnce() =>
        Assert.Equal(["virtio_ring.ko", "virtio.ko"], Closure().Resolve(["virtio", "virtio_ring", "virtio"]));

    [Fact]
    public void Resolve_BuiltIn_LeavesItOut() => Assert.Empty(Closure().Resolve(["ext4"]));

    [Fact]
    public void Resolve_MissingDependency_NamesIt()
    {
        var fault = Assert.Throws<MachineException>(() => Closure().Resolve(["broken"]));

        Assert.Equal(MachineFault.Setup, fault.Reason);
        Assert.Equal("The guest kernel has no module gone.", fault.Message);
    }

    private static ModuleClosure Closure() => new(
        _needs.Keys.ToDictionary(name => name, name => name + ".ko"),
        new HashSet<string> { "ext4" },
        path => _needs[Path.GetFileNameWithoutExtension(path)]);
}
