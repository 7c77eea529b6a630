using Mags.Machines.Native;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Tests.Walls;
using Mags.Machines.Walls;

namespace Mags.Machines.Tests.Network;

/// <summary>How a sandbox's network comes and goes.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class NetworkLifeTests(MachineFixture machines)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Machine_WithoutANetwork_HasNeitherLinkNorNameServerNorPasst()
    {
        using var server = NetworkLab.Serve((await machines.LabAsync()).Outside, NetworkLab.OutsideFour);
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        await AssertHasNoneAsync(machine, server);
    }

    [Theory]
    [InlineData(Readiness.Rehearsed)]
    [InlineData(Readiness.Mounted)]
    internal async Task Machine_ThatWaited_HasItsNetworkAtItsClaim(Readiness readiness)
    {
        using var server = NetworkLab.Serve((await machines.LabAsync()).Outside, NetworkLab.OutsideFour);
        var waiting = await machines.MakeWaitingAsync(Token, readiness);

        await using var machine = await machines.ClaimAsync(waiting, NetworkedMachine.Request, Token);

        Assert.Equal((0, "hello from 198.51.100.2\n"), await AskOutsideAsync(machine, server));
        Assert.Equal((0, "nameserver 10.0.2.3\n"), await MachineFixture.ShellAsync(machine, "cat /etc/resolv.conf", Token));
    }

    [Theory]
    [InlineData(Readiness.Rehearsed)]
    [InlineData(Readiness.Mounted)]
    internal async Task Machine_ThatWaited_HasNoNetworkWhenItIsToHaveNone(Readiness readiness)
    {
        var waiting = await machines.MakeWaitingAsync(Token, readiness);

        await using var machine = await machines.ClaimAsync(waiting, MachineFixture.Request, Token);

        var (_, said) = await MachineFixture.ShellAsync(
            machine, "cat /sys/class/net/eth0/flags; wc -c < /etc/resolv.conf; ip route; ip -6 route show default", Token);
        Assert.Equal("0x1002\n0\n", said);
    }

    [Fact]
    public async Task Passt_OfAMachine_IsStartedWhenItsGuestUsesTheNetwork()
    {
        await using var machine = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        Assert.Equal((0, "10.0.2.15/24\n"), await MachineFixture.ShellAsync(
            machine, "ip -4 -o addr show eth0 | tr -s ' ' | cut -d ' ' -f 4", Token));
        Assert.Null(PasstOf(machine));

        _ = await UseAsync(machine);

        Assert.NotNull(PasstOf(machine));
    }

    [Fact]
    public async Task Passt_OfAMachine_IsConfinedAsItsQemuIsButForTheNetwork()
    {
        await using var machine = await machines.AcquireAsync(NetworkedMachine.Request, Token);

        var (qemu, passt) = (new RunningProcess(machine.Pid), new RunningProcess(await UseAsync(machine)));
        foreach (var same in new[] { "Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp" })
        {
            Assert.Equal(qemu.Status(same), passt.Status(same));
        }

        // Its bounding set is that of the user namespace that it made, and is of no use where no program can be executed.
        foreach (var set in new[] { "CapInh", "CapPrm", "CapEff", "CapAmb" })
        {
            Assert.Equal((set, new string('0', 16)), (set, passt.Status(set)));
        }

        foreach (var limit in new[] { "Max core file size", "Max locked memory", "Max msgqueue size", "Max processes" })
        {
            Assert.Equal(qemu.Limit(limit), passt.Limit(limit));
        }

        Assert.Equal(("0", "0"), passt.Limit("Max file size"));
        Assert.Equal(qemu.Cgroups(), passt.Cgroups());
        Assert.Empty(Directory.GetFileSystemEntries(passt.InView("/")));
        Assert.DoesNotContain(
            passt.OpenFiles(), file => Directory.Exists(file.Handle) || RunningProcess.IsNamespace(file.Target));
        var host = new RunningProcess(Environment.ProcessId);
        foreach (var kind in new[] { "user", "mnt", "ipc", "uts" })
        {
            Assert.NotEqual(host.Namespace(kind), passt.Namespace(kind));
        }
    }

    [Fact]
    public async Task Passt_AtItsMachinesEnd_IsGone()
    {
        var machine = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        var passt = await UseAsync(machine);

        await machine.DisposeAsync();

        Assert.False(Directory.Exists($"/proc/{passt}"));
    }

    [Fact]
    public async Task Passt_Killed_SandboxGoesOnWithoutANetwork()
    {
        using var server = NetworkLab.Serve((await machines.LabAsync()).Outside, NetworkLab.OutsideFour);
        await using var machine = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        Assert.Equal((0, "hello from 198.51.100.2\n"), await AskOutsideAsync(machine, server));
        using var passt = ChildProcess.Attach(PasstOf(machine)!.Value);

        passt.Kill();
        _ = await passt.Exited.WaitAsync(_limit, Token);

        await AssertReachesNobodyAsync(machine, server);
        Assert.Equal(["tcp hello"], server.Heard);
        Assert.Null(PasstOf(machine));
        Assert.False(machine.Ended.IsCompleted);
    }

    [Theory]
    [InlineData("flush ruleset")]
    [InlineData("delete table inet TABLE")]
    [InlineData("flush chain inet TABLE sandbox")]
    [InlineData("insert rule inet TABLE sandbox accept")]
    [InlineData("add table inet TABLE { flags dormant; }")]
    public async Task Rules_TouchedBySomebodyElse_EveryNetworkEndsAndNewOnesComeUnderNewRules(string command)
    {
        var lab = await machines.LabAsync();
        using var server = NetworkLab.Serve(lab.Outside, NetworkLab.OutsideFour);
        using var host = NetworkLab.Serve(lab.Host, NetworkLab.HostFour);
        await using var old = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        await using var otherOld = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        await using var unused = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        using var passt = ChildProcess.Attach(await UseAsync(old));
        using var otherPasst = ChildProcess.Attach(await UseAsync(otherOld));
        var table = EgressRules.TableOf((await machines.HomeAsync()).Home);

        _ = await NetworkLab.RunInAsync(
            lab.Host, "nft", command.Replace("TABLE", table, StringComparison.Ordinal));

        _ = await passt.Exited.WaitAsync(_limit, Token);
        _ = await otherPasst.Exited.WaitAsync(_limit, Token);
        Assert.Equal(0, (await MachineFixture.ShellAsync(old, "true", Token)).ExitCode);
        await using var machine = await machines.AcquireAsync(NetworkedMachine.Request, Token);
        Assert.Equal((0, "hello from 198.51.100.2\n"), await AskOutsideAsync(machine, server));
        Assert.Equal((0, "hello from 198.51.100.2\n"), await AskOutsideAsync(unused, server));
        foreach (var protocol in new[] { "tcp", "udp" })
        {
            await NetworkedMachine.AskUntilRefusedAsync(
                machines, machine, NetworkedMachine.Question(protocol, NetworkLab.HostFour, host.Port));
        }

        Assert.Empty(host.Heard);
        Assert.Null((await machines.GetAsync<SandboxNetwork>()).Absence);
        await AssertReachesNobodyAsync(old, server);
        Assert.Equal(["tcp hello", "tcp hello"], server.Heard);
    }

    [Fact]
    public async Task Walls_OfThisHost_NameTheBoundary()
    {
        var wall = (await machines.GetAsync<IMachineHost>()).Status.Walls.Single(wall => wall.Name == WallNames.Egress);

        Assert.True(wall.Stands, wall.Detail);
    }

    /// <summary>Has a guest use its network; answers with its passt.</summary>
    private async Task<int> UseAsync(MicroVm machine)
    {
        using var server = NetworkLab.Serve((await machines.LabAsync()).Outside, NetworkLab.OutsideFour);
        Assert.Equal((0, "hello from 198.51.100.2\n"), await AskOutsideAsync(machine, server));
        return PasstOf(machine)!.Value;
    }

    internal static int? PasstOf(MicroVm machine)
    {
        var user = new RunningProcess(machine.Pid).Status("Uid");
        return Directory.GetDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .Where(pid => pid > 0)
            .Cast<int?>()
            .FirstOrDefault(pid => IsPasst(new RunningProcess(pid!.Value), user));
    }

    private static bool IsPasst(RunningProcess process, string user)
    {
        try
        {
            return process.Status("Name").StartsWith("passt", StringComparison.Ordinal) && process.Status("Uid") == user;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It has ended.
            return false;
        }
    }

    /// <summary>That a machine has no network, and that its root can make none of what is there.</summary>
    internal static async Task AssertHasNoneAsync(MicroVm machine, LabServer server)
    {
        var (_, said) = await MachineFixture.ShellAsync(
            machine, "cat /sys/class/net/eth0/flags; wc -c < /etc/resolv.conf; ip route", Token);
        Assert.Equal("0x1002\n0\n", said);
        Assert.Null(PasstOf(machine));

        Assert.Equal((0, "default via 10.0.2.2 dev eth0 \n"), await MachineFixture.ShellAsync(
            machine,
            $"ip link set eth0 up && ip address add {GuestAddresses.Four}/{GuestAddresses.FourPrefix} dev eth0"
            + $" && ip route add default via {GuestAddresses.FourGateway} dev eth0 && ip route show default",
            Token));
        await AssertReachesNobodyAsync(machine, server);
        Assert.Empty(server.Heard);
        Assert.Null(PasstOf(machine));
    }

    // Its kernel finds out that nobody has the gateway's address, unless it knows one from before.
    private static async Task AssertReachesNobodyAsync(MicroVm machine, LabServer server)
    {
        var (_, said) = await MachineFixture.ShellAsync(
            machine,
            "ip neighbour flush dev eth0; "
            + NetworkedMachine.Question("tcp", NetworkLab.OutsideFour, server.Port) + " 2>&1",
            Token);
        Assert.Contains("No route to host", said, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output)> AskOutsideAsync(MicroVm machine, LabServer server) =>
        MachineFixture.ShellAsync(
            machine, NetworkedMachine.Question("tcp", NetworkLab.OutsideFour, server.Port), Token);
}
