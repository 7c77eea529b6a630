using System.Globalization;

namespace Mags.Machines.Network;

/// <summary>Reads the kernel's lists of routes, <c>/proc/net/route</c> and <c>/proc/net/ipv6_route</c>.</summary>
internal static class HostRoutes
{
    private const int Up = 1;
    private const int Reject = 0x200;
    private const string Loopback = "lo";

    /// <summary>Whether there is a default route in the list of IPv4's.</summary>
    internal static bool HasDefaultFour(string list) => Rows(list).Skip(1).Any(words =>
        words is [var device, "00000000", _, var flags, _, _, _, "00000000", ..] && IsUsable(device, flags));

    /// <summary>Whether there is a default route in the list of IPv6's.</summary>
    internal static bool HasDefaultSix(string list) => Rows(list).Any(words =>
        words is [var target, "00", _, _, _, _, _, _, var flags, var device]
        && target.All(digit => digit == '0') && IsUsable(device, flags));

    private static bool IsUsable(string device, string flags) =>
        device != Loopback && int.Parse(flags, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var bits
        && (bits & Up) != 0 && (bits & Reject) == 0;

    private static IEnumerable<string[]> Rows(string list) => list
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
