using System.Net;
using System.Net.Sockets;

namespace Mags.Machines.Network;

/// <summary>The name servers that sandboxes are led to.</summary>
/// <param name="Four">Those with an IPv4 address, in order.</param>
/// <param name="Six">Those with an IPv6 address, in order.</param>
internal sealed record Resolvers(IReadOnlyList<IPAddress> Four, IReadOnlyList<IPAddress> Six)
{
    // A C library asks three servers at most.
    private const int Most = 3;

    /// <summary>Those of the settings, else those that the host itself asks.</summary>
    internal static Resolvers Of(NetworkOptions options) => options.Resolvers.Count > 0
        ? Of(options.Resolvers)
        : Parse(Read(options.HostsFile));

    /// <summary>Those that a <c>resolv.conf</c> names.</summary>
    internal static Resolvers Parse(string file) => Of(file
        .Split('\n')
        .Select(line => line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words is ["nameserver", _, ..])
        .Select(words => words[1]));

    /// <summary>Whether both name the same servers in the same order.</summary>
    internal bool Same(Resolvers other) => Four.SequenceEqual(other.Four) && Six.SequenceEqual(other.Six);

    // A host without the file asks nobody. It may also be about to be replaced.
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // One with a zone (fe80::1%eth0) is left out: the address that the rules would lead to has none.
    private static Resolvers Of(IEnumerable<string> texts)
    {
        var all = texts.Where(text => !text.Contains('%', StringComparison.Ordinal))
            .Select(text => IPAddress.TryParse(text, out var address) ? address : null)
            .OfType<IPAddress>()
            .ToLookup(address => address.AddressFamily);
        return new Resolvers(
            [.. all[AddressFamily.InterNetwork].Take(Most)], [.. all[AddressFamily.InterNetworkV6].Take(Most)]);
    }
}
