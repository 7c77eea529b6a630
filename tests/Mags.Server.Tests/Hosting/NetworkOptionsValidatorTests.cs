using Mags.Machines.Network;
using Mags.Server.Hosting;

namespace Mags.Server.Tests.Hosting;

public sealed class NetworkOptionsValidatorTests
{
    [Fact]
    public void Validate_WhatCanBeLoaded_Passes()
    {
        var options = new NetworkOptions
        {
            Allow = ["10.1.0.0/16", "fd12::/64"],
            Deny = ["203.0.113.7/32"],
            Resolvers = ["127.0.0.53", "fd12::53"],
            Namespace = "outside",
        };

        Assert.True(new NetworkOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_WhatCanNot_NamesEachSettingAndValue()
    {
        var options = new NetworkOptions
        {
            Allow = ["10.1.2.3/99"],
            Deny = ["example.com"],
            Resolvers = ["one", "1.1.1.1", "1.0.0.1", "8.8.8.8"],
            MaxConnections = 0,
            Namespace = "../x",
        };

        Assert.Equal(
            [
                "Network:Allow: `10.1.2.3/99` is no network such as 10.1.0.0/16 or fd12::/64.",
                "Network:Deny: `example.com` is no network such as 10.1.0.0/16 or fd12::/64.",
                "Network:Resolvers: `one` is no IP address.",
                "Network:Resolvers holds 4 addresses; 3 are used at most.",
                "Network:MaxConnections is 0; it must be at least 1.",
                "Network:Namespace: `../x` must be a name as `ip netns list` shows it.",
            ],
            new NetworkOptionsValidator().Validate(null, options).Failures);
    }
}
