namespace Mags.Machines.Tests.Network;

/// <summary>What a sandbox reaches.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class ReachTests(NetworkedMachine guest) : IClassFixture<NetworkedMachine>
{
    [Theory]
    [InlineData("tcp", NetworkLab.OutsideFour, NetworkLab.HostFour)]
    [InlineData("udp", NetworkLab.OutsideFour, NetworkLab.HostFour)]
    [InlineData("tcp", NetworkLab.OutsideSix, NetworkLab.HostSix)]
    [InlineData("udp", NetworkLab.OutsideSix, NetworkLab.HostSix)]
    [InlineData("tcp", NetworkLab.AllowedPrivate, NetworkLab.HostFour)]
    [InlineData("udp", NetworkLab.AllowedPrivate, NetworkLab.HostFour)]
    [InlineData("tcp", NetworkLab.AllowedPrivateSix, NetworkLab.HostSix)]
    [InlineData("udp", NetworkLab.AllowedPrivateSix, NetworkLab.HostSix)]
    public async Task Server_OutsideOrAllowed_AnswersAndSeesTheHost(string protocol, string address, string seen)
    {
        using var server = NetworkLab.Serve(guest.Lab.Outside, address);

        Assert.Equal((0, $"hello from {seen}\n"), await guest.AskAsync(protocol, address, server.Port));
    }

    [Theory]
    [InlineData(NetworkLab.OutsideFour)]
    [InlineData(NetworkLab.OutsideSix)]
    [InlineData(NetworkLab.AllowedPrivate)]
    public async Task Echo_OfAServerOutsideOrAllowed_ComesBack(string address) =>
        Assert.Equal(0, (await guest.ShellAsync($"ping -c 1 -W 20 {address}")).ExitCode);

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task NameServer_OnTheHostsLoopback_AnswersAndSeesTheLoopback(string protocol)
    {
        using var server = NetworkLab.Serve(guest.Lab.Host, NetworkLab.Resolver, port: 53);

        Assert.Equal((0, "nameserver 10.0.2.3\n"), await guest.ShellAsync("cat /etc/resolv.conf"));
        Assert.Equal((0, "hello from 127.0.0.1\n"), await guest.AskAsync(protocol, "10.0.2.3", 53));
    }

    [Fact]
    public async Task Bulk_BothWays_ArrivesWhole()
    {
        using var server = NetworkLab.In(guest.Lab.Outside, () => new LabEcho(NetworkLab.OutsideFour));

        var (code, said) = await guest.ShellAsync(
            $"timeout 60 bash -c 'exec 3<>/dev/tcp/{NetworkLab.OutsideFour}/{server.Port};"
            + " (dd if=/dev/zero bs=64k count=64 >&3) 2>/dev/null & head -c 4194304 <&3 | cksum'");

        Assert.Equal(0, code);
        Assert.EndsWith(" 4194304\n", said, StringComparison.Ordinal);
    }
}
