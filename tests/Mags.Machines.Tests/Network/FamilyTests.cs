using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>Hosts with a way out by one version of IP.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class FamilyTests(MachineFixture machines)
{
    private const string SixNameServer = "fd00:6d61:6773::3";

    [Fact]
    public Task NameServer_OnTheLoopbackOfAHostWithIpv6Alone_Answers() =>
        AssertAnsweredAsync("::1", lab => lab.Host, seen: "::1");

    [Fact]
    public Task NameServer_BeyondAHostWithIpv6Alone_Answers() =>
        AssertAnsweredAsync(NetworkLab.PrivateSix, lab => lab.Outside, seen: NetworkLab.HostSix);

    [Fact]
    public async Task Host_WithIpv4Alone_LeadsOutAndToTheNameServerThatItCanReach()
    {
        await using var network = await OtherNetwork.MakeAsync(
            machines, IpFamilies.Four, new NetworkOptions { Resolvers = ["::1", NetworkLab.Resolver] });
        using var server = NetworkLab.Serve(network.Lab.Outside, NetworkLab.OutsideFour);
        using var names = NetworkLab.Serve(network.Lab.Host, NetworkLab.Resolver, port: 53);
        await using var machine = await network.AcquireAsync();

        Assert.Equal("nameserver 10.0.2.3\n", await ShellAsync(machine, "cat /etc/resolv.conf; ip -6 route show default"));
        Assert.Equal($"hello from {NetworkLab.HostFour}\n", await AskAsync(machine, "tcp", NetworkLab.OutsideFour, server.Port));
        Assert.Equal("hello from 127.0.0.1\n", await AskAsync(machine, "udp", "10.0.2.3", 53));
    }

    [Theory]
    [InlineData(IpFamilies.Six, NetworkLab.Resolver)]
    [InlineData(IpFamilies.Four, "::1")]
    internal async Task NameServer_OfTheOtherVersion_IsNotGivenToGuestsAndTheWallSaysSo(IpFamilies families, string resolver)
    {
        await using var network = await OtherNetwork.MakeAsync(machines, families, new NetworkOptions { Resolvers = [resolver] });

        await network.Network.EnsureAsync(TestContext.Current.CancellationToken);

        Assert.Empty(network.Network.Expect()!.NameServers);
        Assert.True(network.Network.Wall.Stands);
        Assert.Contains("They resolve no names", network.Network.Wall.Detail, StringComparison.Ordinal);
    }

    private async Task AssertAnsweredAsync(string resolver, Func<NetworkLab, string> space, string seen)
    {
        await using var network = await OtherNetwork.MakeAsync(
            machines, IpFamilies.Six, new NetworkOptions { Resolvers = [NetworkLab.Resolver, resolver] });
        using var server = NetworkLab.Serve(network.Lab.Outside, NetworkLab.OutsideSix);
        using var names = NetworkLab.Serve(space(network.Lab), resolver, port: 53);
        await using var machine = await network.AcquireAsync();

        Assert.Equal($"nameserver {SixNameServer}\n", await ShellAsync(machine, "cat /etc/resolv.conf; ip -4 route"));
        foreach (var protocol in new[] { "tcp", "udp" })
        {
            Assert.Equal($"hello from {seen}\n", await AskAsync(machine, protocol, SixNameServer, 53));
            Assert.Equal(
                $"hello from {NetworkLab.HostSix}\n", await AskAsync(machine, protocol, NetworkLab.OutsideSix, server.Port));
        }
    }

    private static Task<string> AskAsync(MicroVm machine, string protocol, string address, int port) =>
        ShellAsync(machine, NetworkedMachine.Question(protocol, address, port));

    private static async Task<string> ShellAsync(MicroVm machine, string command) =>
        (await MachineFixture.ShellAsync(machine, command, TestContext.Current.CancellationToken)).Output;
}
