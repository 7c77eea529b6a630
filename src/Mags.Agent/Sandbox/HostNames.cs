namespace Mags.Agent.Sandbox;

/// <summary>A sandbox's name, and who it asks for others' names.</summary>
/// <param name="HostName">Its own name.</param>
/// <param name="NameServers">Addresses of name servers; none without a network.</param>
internal sealed record HostNames(string HostName, IEnumerable<string> NameServers);
