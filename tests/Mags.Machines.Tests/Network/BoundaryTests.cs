using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Mags.Machines.Native;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>What a sandbox does not reach, whose root does what it can. There is a server behind every address.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed partial class BoundaryTests(NetworkedMachine guest, MachineFixture machines) : IClassFixture<NetworkedMachine>
{
    private const int Sctp = 132;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

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
    [InlineData(NetworkLab.HostLinkFour)]
    public Task Host_AtAnyOfItsAddresses_IsNotReached(string address) =>
        AssertNotReachedAsync(guest.Lab.Host, address, RouteLoopbacks);

    [Theory]
    [InlineData(NetworkLab.PrivateFour)]
    [InlineData(NetworkLab.PrivateSix)]
    [InlineData(NetworkLab.SharedFour)]
    [InlineData(NetworkLab.TranslatedPrivate)]
    [InlineData(NetworkLab.TranslatedLink)]
    [InlineData(NetworkLab.LinkFour)]
    [InlineData(NetworkLab.DeniedPublic)]
    [InlineData(NetworkLab.DeniedPrivate)]
    [InlineData(NetworkLab.DeniedSix)]
    public Task Network_PrivateOrOnTheLinkOrDenied_IsNotReached(string address) =>
        AssertNotReachedAsync(guest.Lab.Outside, address, "");

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public Task Network_OnTheLinkOverIpv6_IsNotReached(string protocol) =>
        AssertNotReachedOnTheLinkAsync(guest.Lab.Outside, NetworkLab.LinkSix, protocol);

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public Task Host_OnTheLinkOverIpv6_IsNotReached(string protocol) =>
        AssertNotReachedOnTheLinkAsync(guest.Lab.Host, NetworkLab.HostLinkSix, protocol);

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

        // Nobody on the host listens there, and a passt that sees this does not even try: each asks for as long as it may.
        string[] hosts = [NetworkLab.HostFour, NetworkLab.HostSix, NetworkLab.HostPrivate];
        var answers = await Task.WhenAll(hosts.Select(address => guest.AskAsync("tcp", address, ServingMachine.Port)));
        Assert.All(answers, answer => Assert.NotEqual(0, answer.ExitCode));
        foreach (var address in hosts)
        {
            await AskUntilRefusedAsync("udp", address, ServingMachine.Port, "");
        }

        Assert.Equal((0, "hello\n"), await neighbour.AskItselfAsync("tcp"));
        Assert.Equal((0, "hello\n"), await neighbour.AskItselfAsync("udp"));
        Assert.Equal("tcp ::ffff:127.0.0.1\nudp ::ffff:127.0.0.1\n", await neighbour.HeardAsync());
    }

    [Theory]
    [InlineData(NetworkLab.HostFour, "4")]
    [InlineData(NetworkLab.HostSix, "6")]
    public async Task Host_ByEcho_IsNotReached(string address, string version)
    {
        var before = EchoesHeard(version);

        await guest.AskUntilRefusedAsync($"ping -c 1 -W 20 {address}");

        Assert.Equal(before, EchoesHeard(version));
    }

    /// <summary>
    /// Packets as passt cannot even send them. A process that has taken over its machine's user and may send anything is
    /// held by the rules all the same.
    /// </summary>
    [Theory]
    [InlineData(NetworkLab.OutsideFour, Sctp, "000000000000000000000000")]
    [InlineData(NetworkLab.OutsideFour, 47, "00000800")]
    [InlineData(NetworkLab.OutsideFour, 4, "45")]
    [InlineData(NetworkLab.OutsideFour, 1, "0d00000000000000")]
    [InlineData(NetworkLab.OutsideFour, 1, "0000000000000000")]
    [InlineData(NetworkLab.OutsideSix, Sctp, "000000000000000000000000")]
    [InlineData(NetworkLab.OutsideSix, 58, "8100000000000000")]
    public async Task Protocol_OtherThanTcpUdpAndEcho_DoesNotGoOut(string address, int protocol, string packet)
    {
        var target = IPAddress.Parse(address);
        var user = new UidRange((await machines.HomeAsync()).Home).First;
        using var outside = NetworkLab.In(guest.Lab.Outside, () => OpenRaw(target, protocol));
        outside.Bind(new IPEndPoint(target, 0));
        using var ofMachine = NetworkLab.In(guest.Lab.Host, () => As(user, () => OpenRaw(target, protocol)));
        using var ofRoot = NetworkLab.In(guest.Lab.Host, () => OpenRaw(target, protocol));
        byte[] Packet(string sender) => [.. Convert.FromHexString(packet), .. Encoding.ASCII.GetBytes(sender)];

        var error = Assert.Throws<SocketException>(() => ofMachine.SendTo(Packet(" of a machine"), new IPEndPoint(target, 0)));
        _ = ofRoot.SendTo(Packet(" of root"), new IPEndPoint(target, 0));

        Assert.Equal(SocketError.AccessDenied, error.SocketErrorCode);
        Assert.Equal("root", await FirstSenderAsync(outside));
    }

    /// <summary>As a process that has taken over its machine's user would: passt sends some of these to nobody.</summary>
    [Theory]
    [InlineData("224.0.0.251")]
    [InlineData("ff02::fb")]
    [InlineData("198.51.100.255")]
    [InlineData("255.255.255.255")]
    public async Task Network_ByMulticastOrBroadcast_IsNotReached(string address)
    {
        var target = new IPEndPoint(IPAddress.Parse(address), 9);
        var user = new UidRange((await machines.HomeAsync()).Home).First;
        Socket Open() => new(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        using var ofMachine = NetworkLab.In(guest.Lab.Host, () => As(user, Open));
        using var ofRoot = NetworkLab.In(guest.Lab.Host, Open);

        var error = Assert.Throws<SocketException>(() => ofMachine.SendTo("x"u8.ToArray(), target));

        Assert.Equal(SocketError.AccessDenied, error.SocketErrorCode);
        Assert.Equal(1, ofRoot.SendTo("x"u8.ToArray(), target));
    }

    [Fact]
    public async Task User_OfAnyMachine_IsBound()
    {
        var first = new UidRange((await machines.HomeAsync()).Home).First;
        foreach (var user in new[] { first, first + (UidRange.Size / 2), first + UidRange.Size - 1 })
        {
            foreach (var address in new[] { NetworkLab.HostFour, NetworkLab.HostSix })
            {
                using var server = NetworkLab.Serve(guest.Lab.Host, address);
                var target = new IPEndPoint(IPAddress.Parse(address), server.Port);
                using var udp = NetworkLab.In(
                    guest.Lab.Host,
                    () => As(user, () => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp)));
                using var tcp = NetworkLab.In(
                    guest.Lab.Host,
                    () => As(user, () => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp)));

                Assert.Throws<SocketException>(() => udp.SendTo("of a machine"u8.ToArray(), target));
                Assert.Throws<SocketException>(() => tcp.Connect(target));
                Assert.Empty(server.Heard);
            }
        }
    }

    [Fact]
    public async Task Machine_FromOutside_IsNotReached()
    {
        await using var machine = await machines.AcquireAsync(NetworkedMachine.Request, TestContext.Current.CancellationToken);
        var serving = new ServingMachine(machine);
        await serving.ServeAsync(guest.Lab);

        foreach (var address in new[] { NetworkLab.HostFour, NetworkLab.HostSix })
        {
            var target = new IPEndPoint(IPAddress.Parse(address), ServingMachine.Port);
            using var outside = NetworkLab.In(
                guest.Lab.Outside, () => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
            var error = await Assert.ThrowsAsync<SocketException>(
                () => outside.ConnectAsync(target, TestContext.Current.CancellationToken).AsTask());
            Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        }

        Assert.Equal((0, "hello\n"), await serving.AskItselfAsync("tcp"));
        Assert.Equal("tcp ::ffff:127.0.0.1\n", await serving.HeardAsync());
    }

    private async Task AssertNotReachedOnTheLinkAsync(string space, string address, string protocol)
    {
        using var server = NetworkLab.Serve(space, address);

        // A program must name the interface: there is such a network at each.
        await AskUntilRefusedAsync(protocol, address + "%eth0", server.Port, "");

        Assert.Empty(server.Heard);
    }

    /// <summary>Who has sent the first packet that arrives; the kernels have things of their own to tell each other.</summary>
    private static async Task<string> FirstSenderAsync(Socket socket)
    {
        var heard = new byte[200];
        while (true)
        {
            var count = await socket.ReceiveAsync(heard, TestContext.Current.CancellationToken).AsTask().WaitAsync(_limit);
            var sender = Encoding.ASCII.GetString(heard, 0, count).Split(" of ")[^1];
            if (sender is "root" or "a machine")
            {
                return sender;
            }
        }
    }

    /// <summary>How many ICMP echoes the host was asked for over a version of IP.</summary>
    private string EchoesHeard(string version) => NetworkLab.In(guest.Lab.Host, () =>
    {
        if (version == "6")
        {
            return File.ReadLines("/proc/thread-self/net/snmp6")
                .Single(line => line.StartsWith("Icmp6InEchos ", StringComparison.Ordinal));
        }

        var icmp = File.ReadLines("/proc/thread-self/net/snmp")
            .Where(line => line.StartsWith("Icmp:", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();
        return icmp[1][Array.IndexOf(icmp[0], "InEchos")];
    });

    // By the system call: .NET knows few protocols.
    private static Socket OpenRaw(IPAddress address, int protocol)
    {
        const int Four = 2, Six = 10, Raw = 3, CloseOnExec = 0x80000;
        using var file = LibC.Socket(
            address.AddressFamily == AddressFamily.InterNetwork ? Four : Six, Raw | CloseOnExec, protocol);
        Assert.False(file.IsInvalid);
#pragma warning disable CA2000 // What is returned owns it.
        var handle = new SafeSocketHandle(file.DangerousGetHandle(), ownsHandle: true);
#pragma warning restore CA2000
        file.SetHandleAsInvalid();
        return new Socket(handle);
    }

    // On a thread of its own, whose the user is that a file belongs to: the rules see whose a socket is.
    private static Socket As(uint user, Func<Socket> open)
    {
        _ = SetFileUser(user);
        return open();
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetFileUser(uint user);

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
