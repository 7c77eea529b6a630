using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Network;

/// <summary>
/// The nftables rules that are the boundary of all sandboxes' networks. passt is none: it sends what a guest asks it to,
/// to any address that the host can reach, itself included. They bind whatever is sent by a user of the machines' range,
/// so they stand before any machine and change with none.
/// </summary>
internal sealed class EgressRules(string home, UidRange uids, NetworkOptions options, Resolvers resolvers)
{
    private const string Connection = "connection";
    private const string Question = "question";

    // Apart, so that whoever has too many connections can still resolve names.
    private readonly ConnectionLimit[] _limits =
        [new(Connection, options.MaxConnections), new(Question, options.MaxConnections)];

    /// <summary>Name of the home's own table.</summary>
    internal string Table { get; } = TableOf(home);

    internal Resolvers Resolvers { get; } = resolvers;

    /// <summary>
    /// Input of <c>nft -f</c>, carried out whole or not at all: it replaces the table that is there, if any, and at no
    /// moment is there none.
    /// </summary>
    internal string Load => $"table inet {Table}\ndelete table inet {Table}\n{Definition()}";

    private string Users => $"meta skuid {uids.First}-{uids.First + UidRange.Size - 1}";

    internal static string TableOf(string home) =>
        "mags_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(home)).AsSpan(0, 6));

    private string Definition() => $$"""
        table inet {{Table}} {
        {{Set("link", ClosedNetworks.Always)}}
        {{Set("private", ClosedNetworks.Private)}}
        {{Set("denied", Parse(options.Deny))}}
        {{Set("allowed", Parse(options.Allow))}}
        {{string.Join('\n', _limits.Select(limit => limit.ToSets()))}}
            chain names {
                type nat hook output priority -100; policy accept;
        {{Lines(Names().Select(name => $"{Users} {name.ToDnat()}"))}}
            }
            chain local_names {
                type nat hook postrouting priority srcnat; policy accept;
        {{Lines(Names().Where(name => IPAddress.IsLoopback(name.Real)).Select(name => $"{Users} {name.ToSnat()}"))}}
            }
            chain output {
                type filter hook output priority filter; policy accept;
                {{Users}} jump sandbox
            }
            chain sandbox {
        {{Lines(Names().Select(name => $"{name.ToMatch()} goto {Question}"))}}
                ip option lsrr exists drop
                ip option ssrr exists drop
                exthdr rt exists drop
                oifname "lo" jump refuse
                fib daddr type { local, broadcast, multicast, anycast } jump refuse
                ip daddr @link4 jump refuse
                ip6 daddr @link6 jump refuse
                ip daddr @denied4 jump refuse
                ip6 daddr @denied6 jump refuse
                ip daddr @allowed4 jump protocols
                ip6 daddr @allowed6 jump protocols
                ip daddr @private4 jump refuse
                ip6 daddr @private6 jump refuse
                jump protocols
            }
            chain protocols {
                meta l4proto { tcp, udp } goto {{Connection}}
                icmp type echo-request goto {{Connection}}
                icmpv6 type echo-request goto {{Connection}}
                jump refuse
            }
        {{string.Join('\n', _limits.Select(limit => limit.ToChain()))}}
            chain refuse {
                counter
                meta l4proto tcp reject with tcp reset
                reject with icmpx admin-prohibited
                drop
            }
        }

        """;

    private IEnumerable<NameServerRoute> Names() =>
    [
        .. Resolvers.Four.Select((real, number) => new NameServerRoute(GuestAddresses.NameServer(number, six: false), real)),
        .. Resolvers.Six.Select((real, number) => new NameServerRoute(GuestAddresses.NameServer(number, six: true), real)),
    ];

    private static IEnumerable<IPNetwork> Parse(IEnumerable<string> networks) =>
        networks.Select(network => IPNetwork.Parse(network));

    private static string Set(string name, IEnumerable<IPNetwork> networks)
    {
        var families = networks.ToLookup(network => network.BaseAddress.AddressFamily);
        return Of("4", "ipv4_addr", AddressFamily.InterNetwork) + "\n" + Of("6", "ipv6_addr", AddressFamily.InterNetworkV6);

        string Of(string suffix, string type, AddressFamily family)
        {
            var elements = families[family].Any() ? $"elements = {{ {string.Join(", ", families[family])} }};" : "";
            return $"    set {name}{suffix} {{ type {type}; flags interval; auto-merge; {elements} }}";
        }
    }

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Select(line => "        " + line));
}
