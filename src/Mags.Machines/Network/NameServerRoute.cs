using System.Net;
using System.Net.Sockets;

namespace Mags.Machines.Network;

/// <summary>
/// How a guest's questions reach a name server: it sends them to an address of its own network, and the host's kernel
/// leads these, and nothing else, to port 53 of the real one. So a server on the host's loopback works, whose other ports
/// stay closed, and so do questions over TCP, which passt itself does not pass on.
/// </summary>
/// <param name="Guest">Address that the guest sends to.</param>
/// <param name="Real">Address of the server.</param>
internal sealed record NameServerRoute(string Guest, IPAddress Real)
{
    private const string Port = "53";
    private const string Protocols = "meta l4proto { tcp, udp }";

    private string Ip => Real.AddressFamily == AddressFamily.InterNetworkV6 ? "ip6" : "ip";

    internal string ToDnat() => $"{Ip} daddr {Guest} {Protocols} th dport {Port} dnat {Ip} to {Real}";

    /// <summary>Only for one on the loopback: it may answer nobody but loopback addresses, as systemd-resolved does.</summary>
    internal string ToSnat() =>
        $"ct original {Ip} daddr {Guest} {Ip} daddr {Real} snat {Ip} to {(Ip == "ip6" ? "::1" : "127.0.0.1")}";

    /// <summary>What is led, as the rules see it then.</summary>
    internal string ToMatch() =>
        $"{Protocols} ct original {Ip} daddr {Guest} ct original proto-dst {Port} {Ip} daddr {Real} th dport {Port}";
}
