using System.Net;
using Mags.Machines.Network;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>Checks <see cref="NetworkOptions"/> at start; tells all that is wrong.</summary>
internal sealed class NetworkOptionsValidator : IValidateOptions<NetworkOptions>
{
    private const int MostResolvers = 3;

    public ValidateOptionsResult Validate(string? name, NetworkOptions options)
    {
        List<string> faults =
        [
            .. NotNetworks(nameof(options.Allow), options.Allow),
            .. NotNetworks(nameof(options.Deny), options.Deny),
            .. options.Resolvers.Where(address => !IPAddress.TryParse(address, out _))
                .Select(address => $"Network:Resolvers: `{address}` is no IP address."),
        ];
        if (options.Resolvers.Count > MostResolvers)
        {
            faults.Add($"Network:Resolvers holds {options.Resolvers.Count} addresses; {MostResolvers} are used at most.");
        }

        if (options.MaxConnections < 1)
        {
            faults.Add($"Network:MaxConnections is {options.MaxConnections}; it must be at least 1.");
        }

        if (options.Namespace.Contains('/', StringComparison.Ordinal) || options.Namespace.StartsWith('.'))
        {
            faults.Add($"Network:Namespace: `{options.Namespace}` must be a name as `ip netns list` shows it.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> NotNetworks(string setting, IEnumerable<string> networks) => networks
        .Where(network => !IPNetwork.TryParse(network, out _))
        .Select(network => $"Network:{setting}: `{network}` is no network such as 10.1.0.0/16 or fd12::/64.");
}
