using Mags.Machines.Native;
using Mags.Machines.Walls;

namespace Mags.Machines.Tests.Walls;

public sealed class ConfinementTests
{
    [Fact]
    public void Wrap_WithUser_NamesItAndItsProcesses() =>
        Assert.Equal(
            "run --file-bytes 4096 --processes 256 --user 70001 --group 104 -- /usr/bin/qemu -S",
            Line(new Confinement
            {
                Launcher = "/jail",
                User = 70001,
                DeviceGroup = 104,
                FileBytes = 4096,
                Processes = 256,
            }));

    // Without a user of its own the limit would count whatever else the server's user runs.
    [Fact]
    public void Wrap_WithoutUser_LimitsNoProcesses() =>
        Assert.Equal("run -- /usr/bin/qemu -S", Line(new Confinement { Launcher = "/jail", Processes = 256 }));

    private static string Line(Confinement confinement) =>
        string.Join(' ', confinement.Wrap("/usr/bin/qemu", ["-S"], new FdMap()));
}
