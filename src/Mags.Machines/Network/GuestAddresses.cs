using Mags.Protocol;

namespace Mags.Machines.Network;

/// <summary>
/// The addresses of a guest's one interface. They are the same in all guests: each has a passt of its own behind it, so
/// nobody else ever sees them.
/// </summary>
internal static class GuestAddresses
{
    /// <summary>Address of the interface's hardware, part of every template.</summary>
    internal const string Hardware = "52:54:00:6d:61:67";

    /// <summary>Hardware address that passt answers with.</summary>
    internal const string GatewayHardware = "52:55:0a:00:02:02";

    internal const string Four = "10.0.2.15";
    internal const int FourPrefix = 24;
    internal const string FourGateway = "10.0.2.2";
    internal const string Six = "fd00:6d61:6773::15";
    internal const int SixPrefix = 64;
    internal const string SixGateway = "fe80::1";

    /// <summary>Largest packet. Nothing is ever sent over a wire as it is, so larger is cheaper.</summary>
    internal const int Mtu = 65_520;

    /// <summary>Where the guest finds the name server of this number; the rules lead from there to the real one.</summary>
    internal static string NameServer(int number, bool six) =>
        six ? $"fd00:6d61:6773::{3 + number}" : $"10.0.2.{3 + number}";

    /// <summary>What the guest's agent is told.</summary>
    internal static NetworkSettings Settings(IpFamilies families, Resolvers resolvers)
    {
        var settings = new NetworkSettings { Mtu = Mtu };
        if (families.HasFlag(IpFamilies.Four))
        {
            settings.Addresses.Add($"{Four}/{FourPrefix}");
            settings.Gateways.Add(FourGateway);
            settings.NameServers.AddRange(resolvers.Four.Select((_, number) => NameServer(number, six: false)));
        }

        if (families.HasFlag(IpFamilies.Six))
        {
            settings.Addresses.Add($"{Six}/{SixPrefix}");
            settings.Gateways.Add(SixGateway);
            settings.NameServers.AddRange(resolvers.Six.Select((_, number) => NameServer(number, six: true)));
        }

        return settings;
    }
}
