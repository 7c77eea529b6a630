namespace Mags.Machines.Network;

/// <summary>Versions of IP that a host has a way out for.</summary>
[Flags]
internal enum IpFamilies
{
    /// <summary>None: the host itself reaches nothing.</summary>
    None = 0,

    /// <summary>IPv4.</summary>
    Four = 1,

    /// <summary>IPv6.</summary>
    Six = 2,
}
