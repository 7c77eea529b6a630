using Mags.Machines.Network;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>What a sandbox does not reach, whose root does what it can. There is a server behind every address.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class BoundaryTests(NetworkedMachine guest, MachineFixture machines) : IClassFixture<NetworkedMachine>
{
    // By default a guest's kernel keeps these addresses to itself.
    private const string RouteLoopbacks =
        "ip address flush dev lo; ip link set lo down; sysctl -qw net.ipv4.conf.all.route_localnet=1;"
        + "ip route add 127.0.0.0/8 via 10.0.2.2 dev eth0; ip -6 route add ::1/128 via fe80::1 dev eth0;";

    // All guests have the same address: by default it is the asker itself.
    private static readonly string _routeNeighbour =
        "for v in -4 -6; do ip $v rule add pref 10 lookup local; ip $v rule del pref 0; done;"
        + $"ip rule add pref 5 iif lo to {GuestAddresses.Four} dport {ServingMachine.Port} lookup 7;"
        + $"ip -6 rule add pref 5 iif lo to {GuestAddresses.Six} dport {ServingMachine.Port} lookup 7;"
        + "ip route replace default via 10.0.2.2 dev eth0 table 7; ip -6 route replace default via fe80::1 dev eth0 table 7;";

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData(NetworkLab.HostFour)]
    [InlineData(NetworkLab.HostSix)]
    [InlineData(NetworkLab.HostPrivate)]
    public Task Host_AtAnyOfItsAddresses_IsNotReached(string address) =>
        AssertNotReachedAsync(guest.Lab.Host, address, RouteLoopbacks);

    [Theory]
    [InlineData(NetworkLab.PrivateFour)]
    [InlineData(NetworkLab.PrivateSix)]
    [InlineData(NetworkLab.LinkFour)]
    [InlineData(NetworkLab.DeniedPublic)]
    public Task Network_PrivateOrOnTheLinkOrDenied_IsNotReached(string address) =>
        AssertNotReachedAsync(guest.Lab.Outside, address, "");

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task Network_OnTheLinkOverIpv6_IsNotReached(string protocol)
    {
        using var server = NetworkLab.Serve(guest.Lab.Outside, NetworkLab.LinkSix);

        // A program must name the interface: there is such a network at each.
        await AskUntilRefusedAsync(protocol, NetworkLab.LinkSix + "%eth0", server.Port, "");

        Assert.Empty(server.Heard);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task Gateway_IsNotTheHost(string protocol)
    {
        using var loopback = NetworkLab.Serve(guest.Lab.Host, "127.0.0.1");

        await guest.AskUntilRefusedAsync(NetworkedMachine.Question(protocol, "10.0.2.2", loopback.Port));

        Assert.Empty(loopback.Heard);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task NameServer_AtAnotherPort_IsNotReached(string protocol)
    {
        using var other = NetworkLab.Serve(guest.Lab.Host, NetworkLab.Resolver, port: 54);

        await guest.AskUntilRefusedAsync(NetworkedMachine.Question(protocol, "10.0.2.3", 54));

        Assert.Empty(other.Heard);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task NameServer_AtItsRealAddress_IsNotReached(string protocol)
    {
        using var real = NetworkLab.Serve(guest.Lab.Host, NetworkLab.Resolver, port: 53);

        await guest.AskUntilRefusedAsync(
            RouteLoopbacks + NetworkedMachine.Question(protocol, NetworkLab.Resolver, 53));

        Assert.Empty(real.Heard);
    }

    /// <summary>Packets made by hand, with every source that might be taken for somebody else.</summary>
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData(NetworkLab.HostFour, "127.0.0.1")]
    [InlineData("198.51.100.1", NetworkLab.HostFour)]
    [InlineData(NetworkLab.HostFour, NetworkLab.HostPrivate)]
    public async Task Host_ByForgedPackets_IsNotReached(string source, string target)
    {
        using var server = NetworkLab.Serve(guest.Lab.Host, target);
        const string program =
            """
            import socket, struct, sys
            source, target, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
            def checksum(data):
                total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
                total = (total >> 16) + (total & 65535)
                return ~(total + (total >> 16)) & 65535
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
            wire.bind(('eth0', 3))
            for mac in ('525400123456', '52550a000202'):
                udp = struct.pack('!HHHH', 4000, port, 14, 0) + b'forged'
                head = struct.pack('!BBHHHBBH', 69, 0, 20 + len(udp), 1, 0, 64, 17, 0) \
                    + socket.inet_aton(source) + socket.inet_aton(target)
                head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
                wire.send(bytes.fromhex('52550a000202' + mac + '0800') + head + udp)
            """;

        await guest.AskUntilRefusedAsync($"python3 -c \"{program}\" {source} {target} {server.Port}");

        Assert.Empty(server.Heard);
    }

    [Fact]
    public async Task Machine_BesideIt_IsNotReached()
    {
        await using var machine = await machines.AcquireAsync(NetworkedMachine.Request, TestContext.Current.CancellationToken);
        var neighbour = new ServingMachine(machine);
        await neighbour.ServeAsync(guest.Lab);
        foreach (var address in new[] { GuestAddresses.FourGateway, GuestAddresses.Four, GuestAddresses.Six })
        {
            await AskUntilRefusedAsync("tcp", address, ServingMachine.Port, _routeNeighbour);
            await AskUntilRefusedAsync("udp", address, ServingMachine.Port, _routeNeighbour);
        }

        foreach (var address in new[] { NetworkLab.HostFour, NetworkLab.HostSix, NetworkLab.HostPrivate })
        {
            // Nobody on the host listens there, and a passt that sees this does not even try.
            Assert.NotEqual(0, (await guest.AskAsync("tcp", address, ServingMachine.Port)).ExitCode);
            await AskUntilRefusedAsync("udp", address, ServingMachine.Port, "");
        }

        Assert.Equal((0, "hello\n"), await neighbour.AskItselfAsync("tcp"));
        Assert.Equal((0, "hello\n"), await neighbour.AskItselfAsync("udp"));
        Assert.Equal("tcp ::ffff:127.0.0.1\nudp ::ffff:127.0.0.1\n", await neighbour.HeardAsync());
    }

    private async Task AssertNotReachedAsync(string space, string address, string before)
    {
        using var server = NetworkLab.Serve(space, address);
        await AskUntilRefusedAsync("tcp", address, server.Port, before);
        await AskUntilRefusedAsync("udp", address, server.Port, before);

        Assert.Empty(server.Heard);
    }

    private Task AskUntilRefusedAsync(string protocol, string address, int port, string before) =>
        guest.AskUntilRefusedAsync(before + NetworkedMachine.Question(protocol, address, port));
}
