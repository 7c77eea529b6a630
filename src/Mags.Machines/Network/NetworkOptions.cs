namespace Mags.Machines.Network;

/// <summary>Settings of what sandboxes reach.</summary>
public sealed class NetworkOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Network";

    /// <summary>
    /// Whether a job that does not say gets a network. Default true. False makes it something that a job must ask for.
    /// </summary>
    public bool Default { get; set; } = true;

    /// <summary>
    /// Networks (<c>10.1.0.0/16</c>, <c>fd12::/64</c>) that are reachable although they are private. Default none. The
    /// host's own addresses, loopback, link-local and multicast ones are never reachable, whatever stands here.
    /// </summary>
    public IList<string> Allow { get; set; } = [];

    /// <summary>Networks that are not reachable although they are public. Default none. They win over <see cref="Allow"/>.</summary>
    public IList<string> Deny { get; set; } = [];

    /// <summary>
    /// Addresses of name servers for sandboxes, three of a kind at most. Default: those in the host's
    /// <c>/etc/resolv.conf</c>. Sandboxes reach their port 53 through an address of the sandbox's own, wherever they are.
    /// </summary>
    public IList<string> Resolvers { get; set; } = [];

    /// <summary>
    /// How many connections each sandbox may have that the host's kernel tracks, and as many questions to name servers.
    /// Default 4096. Datagrams to each address and port count as a connection until half a minute after the last.
    /// </summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>
    /// Name of a network namespace (<c>ip netns</c>) that sandboxes reach the outside through. Default empty: the
    /// server's own.
    /// </summary>
    public string Namespace { get; set; } = "";

    /// <summary>Where the host names its own name servers; no setting, tests have another.</summary>
    internal string HostsFile { get; set; } = "/etc/resolv.conf";
}
