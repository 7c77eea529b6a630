using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>
/// A machine that serves TCP and UDP on one port of all its addresses and writes down who has reached it. It has sent from
/// that port, so its passt holds the same port on the host.
/// </summary>
internal sealed class ServingMachine(MicroVm machine)
{
    public const int Port = 4242;

    // It goes on in the background once the outside has answered.
    private const string Program =
        """
        import os, socket, sys, threading
        port, outside = int(sys.argv[1]), (sys.argv[2], int(sys.argv[3]))
        tcp = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
        udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        udp.bind(('::', port))
        udp.sendto(b'hello', outside)
        udp.recv(100)
        if os.fork() > 0:
            os._exit(0)
        def hear(protocol, peer):
            with open('/tmp/heard', 'a') as heard:
                print(protocol, peer[0], file=heard)
        def answer():
            while True:
                said, peer = udp.recvfrom(100)
                hear('udp', peer)
                udp.sendto(said, peer)
        threading.Thread(target=answer).start()
        while True:
            connection, peer = tcp.accept()
            hear('tcp', peer)
            connection.send(b'hello\n')
            connection.close()
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task ServeAsync(NetworkLab lab)
    {
        using var outside = NetworkLab.Serve(lab.Outside, NetworkLab.OutsideFour);
        var (code, _) = await MachineFixture.ShellAsync(
            machine,
            $"timeout 20 python3 -c \"{Program}\" {Port} ::ffff:{NetworkLab.OutsideFour} {outside.Port} >/dev/null 2>&1",
            Token);
        Assert.Equal(0, code);
        var sockets = NetworkLab.In(lab.Host, () => File.ReadAllText("/proc/thread-self/net/udp"));
        Assert.Contains($":{Port:X4} ", sockets, StringComparison.Ordinal);
    }

    /// <summary>Who has reached it until now: <c>tcp</c> or <c>udp</c> and the peer's address, in order.</summary>
    public async Task<string> HeardAsync() => (await MachineFixture.ShellAsync(machine, "cat /tmp/heard", Token)).Output;

    /// <summary>Has it ask itself.</summary>
    public Task<(int ExitCode, string Output)> AskItselfAsync(string protocol) =>
        MachineFixture.ShellAsync(machine, NetworkedMachine.Question(protocol, "127.0.0.1", Port), Token);
}
