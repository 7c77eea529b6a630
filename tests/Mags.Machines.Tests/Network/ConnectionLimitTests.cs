using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>How much of the host's connection tracking a sandbox takes.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class ConnectionLimitTests(MachineFixture machines) : IAsyncLifetime
{
    private const int Most = 32;

    private OtherNetwork _network = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _network = await OtherNetwork.MakeAsync(
        machines, IpFamilies.Four, new NetworkOptions { Resolvers = [NetworkLab.Resolver], MaxConnections = Most });

    public ValueTask DisposeAsync() => _network.DisposeAsync();

    [Fact]
    public async Task Guest_ThatSendsToManyAddresses_IsCutAndItsConnectionAndNamesAndOthersGoOn()
    {
        using var server = NetworkLab.Serve(_network.Lab.Outside, NetworkLab.OutsideFour);
        using var names = NetworkLab.Serve(_network.Lab.Host, NetworkLab.Resolver, port: 53);
        using var echo = NetworkLab.In(_network.Lab.Outside, () => new LabEcho(NetworkLab.OutsideFour));
        const string program =
            """
            import socket, sys
            old = socket.create_connection((sys.argv[1], int(sys.argv[2])))
            many = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for host in range(200):
                many.sendto(b'x', ('203.0.113.%d' % (20 + host), 9))
            old.send(b'connected')
            print(old.recv(9).decode())
            names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            names.sendto(b'named', ('10.0.2.3', 53))
            print(names.recv(5).decode())
            new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            new.sendto(b'new', (sys.argv[1], int(sys.argv[3])))
            """;
        await using var hostile = await _network.AcquireAsync();
        await using var other = await _network.AcquireAsync();

        var said = await ShellAsync(
            hostile, $"timeout 20 python3 -c \"{program}\" {NetworkLab.OutsideFour} {echo.Port} {server.Port}");

        Assert.Equal("connected\nnamed\n", said);
        Assert.Equal(
            $"hello from {NetworkLab.HostFour}\n",
            await ShellAsync(other, NetworkedMachine.Question("udp", NetworkLab.OutsideFour, server.Port)));
        Assert.Equal(["udp hello"], server.Heard);
        // Besides the limit: its question, and what the other machine has asked.
        Assert.InRange(await TrackedAsync(), Most, Most + 2);
    }

    [Fact]
    public async Task Guest_ThatAsksNamesWithoutEnd_IsCutAndItsConnectionsAndOthersNamesGoOn()
    {
        using var names = NetworkLab.Serve(_network.Lab.Host, NetworkLab.Resolver, port: 53);
        using var echo = NetworkLab.In(_network.Lab.Outside, () => new LabEcho(NetworkLab.OutsideFour));
        const string program =
            """
            import socket, sys
            many = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(200)]
            for asker in many:
                asker.sendto(b'flood', ('10.0.2.3', 53))
            new = socket.create_connection((sys.argv[1], int(sys.argv[2])))
            new.send(b'connected')
            print(new.recv(9).decode())
            """;
        await using var hostile = await _network.AcquireAsync();
        await using var other = await _network.AcquireAsync();

        var said = await ShellAsync(hostile, $"timeout 20 python3 -c \"{program}\" {NetworkLab.OutsideFour} {echo.Port}");

        Assert.Equal("connected\n", said);
        Assert.NotEqual("", await ShellAsync(other, NetworkedMachine.Question("udp", "10.0.2.3", 53)));
        // Besides the limit: its connection, and what the other machine has asked.
        Assert.InRange(await TrackedAsync(), Most, Most + 2);
        Assert.Equal(Most, names.Heard.Count(word => word == "udp flood"));
    }

    [Fact]
    public async Task Datagrams_ManyToOneAddressWithoutAnAnswer_AreOneConnection()
    {
        using var sink = NetworkLab.In(_network.Lab.Outside, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(NetworkLab.OutsideFour), 0));
            return socket;
        });
        await using var machine = await _network.AcquireAsync();

        _ = await ShellAsync(
            machine,
            $"for i in $(seq {3 * Most}); do echo x; done > /dev/udp/{NetworkLab.OutsideFour}/{((IPEndPoint)sink.LocalEndPoint!).Port}");

        for (var heard = 0; heard < 3 * Most; heard++)
        {
            Assert.Equal(2, await sink.ReceiveAsync(new byte[8], Token).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Token));
        }
    }

    [Fact]
    public async Task Listing_OfRulesThatHaveCounted_IsWhatWasLoaded()
    {
        await using var machine = await _network.AcquireAsync();
        using var place = NetworkPlace.Open(_network.Lab.Host);
        var nft = new Nft(await machines.JailAsync(), place.Handles);
        var table = EgressRules.TableOf((await machines.HomeAsync()).Home);
        var before = await nft.ListAsync(table, Token);

        _ = await ShellAsync(machine, $"for i in $(seq {2 * Most}); do echo > /dev/udp/{NetworkLab.OutsideFour}/$i; done");

        // Datagrams go their way after the guest has sent them.
        while (!(await NetworkLab.RunInAsync(_network.Lab.Host, "nft", "list", "set", "inet", table, "connection_counted"))
            .Contains("elements = {", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }

        Assert.Equal(before, await nft.ListAsync(table, Token));
    }

    private async Task<int> TrackedAsync() => int.Parse(
        await NetworkLab.RunInAsync(_network.Lab.Host, "cat", "/proc/sys/net/netfilter/nf_conntrack_count"), CultureInfo.InvariantCulture);

    // Bash, whose redirections know the network.
    private static async Task<string> ShellAsync(MicroVm machine, string command) =>
        (await MachineFixture.ShellAsync(machine, $"bash -c '{command.Replace("'", "'\\''", StringComparison.Ordinal)}'", Token)).Output;
}
