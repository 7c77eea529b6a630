using System.Net;
using System.Net.Sockets;

namespace Mags.Machines.Network;

/// <summary>Networks that are no part of the public internet.</summary>
internal static class ClosedNetworks
{
    private const string TranslationPrefix = "64:ff9b::";
    private const int TranslationPrefixLength = 96;

    /// <summary>Closed whatever the settings say: what is on the host itself or on its links.</summary>
    internal static IReadOnlyList<IPNetwork> Always { get; } = WithTranslations(
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "fe80::/10", "fec0::/10", "ff00::/8");

    /// <summary>Closed unless the settings open them: private networks, and tunnels that lead to any of these.</summary>
    internal static IReadOnlyList<IPNetwork> Private { get; } = WithTranslations(
        "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "64:ff9b:1::/48", "2001::/32", "2002::/16", "fc00::/7");

    // A translator (NAT64) beyond the host would turn the IPv6 address into the IPv4 one inside it.
    private static IPNetwork[] WithTranslations(params string[] networks)
    {
        var parsed = networks.Select(network => IPNetwork.Parse(network)).ToList();
        var translated = parsed.Where(network => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork)
            .Select(network => new IPNetwork(
                IPAddress.Parse(TranslationPrefix + network.BaseAddress), TranslationPrefixLength + network.PrefixLength));
        return [.. parsed, .. translated];
    }
}
