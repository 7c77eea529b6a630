using Mags.Machines.Qemu;

namespace Mags.Machines.Tests.Qemu;

public sealed class HypervisorUserTests
{
    [Fact]
    public void Wrap_WithUser_DropsEveryPrivilegeFirst()
    {
        var (path, arguments) = HypervisorUser.Wrap(70001, null, "/usr/bin/qemu", ["-S"]);

        Assert.Equal("/usr/bin/setpriv", path);
        string[] expected =
        [
            "--reuid=70001", "--regid=70001", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
            "--inh-caps=-all", "/usr/bin/qemu", "-S",
        ];
        Assert.Equal(expected, arguments);
    }

    [Fact]
    public void Wrap_WithDeviceGroup_KeepsThatGroupOnly() =>
        Assert.Equal("--groups=104", HypervisorUser.Wrap(70001, 104, "/usr/bin/qemu", []).Arguments[2]);

    [Fact]
    public void Wrap_WithoutUser_RunsTheProgramItself()
    {
        var (path, arguments) = HypervisorUser.Wrap(null, null, "/usr/bin/qemu", ["-S"]);

        Assert.Equal(("/usr/bin/qemu", "-S"), (path, Assert.Single(arguments)));
    }
}
