using System.Net;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Tests.Network;

/// <summary>What is read of the host, and what becomes rules of it.</summary>
public sealed class RuleTests
{
    private const string RouteTitle = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    [Theory]
    [InlineData(RouteTitle + "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", true)]
    [InlineData(RouteTitle + "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", false)]
    [InlineData(RouteTitle, false)]
    [InlineData("", false)]
    public void HasDefaultFour_OfTheKernelsList_FindsAWayOut(string list, bool has) =>
        Assert.Equal(has, HostRoutes.HasDefaultFour(list));

    [Theory]
    [InlineData("00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000100000000000000000001 00000400 00000001 00000000 00000003     v0\n", true)]
    [InlineData("00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n", false)]
    [InlineData("fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n", false)]
    public void HasDefaultSix_OfTheKernelsList_FindsAWayOut(string list, bool has) =>
        Assert.Equal(has, HostRoutes.HasDefaultSix(list));

    [Fact]
    public void Parse_ResolvConf_GivesThreeServersOfEachKindAndNoneWithAZone()
    {
        const string file = "# x\nsearch a.example\nnameserver 127.0.0.53\nnameserver ::1\nnameserver fe80::1%eth0\n"
            + "nameserver\t10.0.0.1 \nnameserver nonsense\nnameserver 10.0.0.2\nnameserver 10.0.0.3\noptions edns0\n";

        var resolvers = Resolvers.Parse(file);

        Assert.Equal(["127.0.0.53", "10.0.0.1", "10.0.0.2"], resolvers.Four.Select(address => $"{address}"));
        Assert.Equal([IPAddress.IPv6Loopback], resolvers.Six);
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("fd00::1")]
    [InlineData("2002:0a00:1::")]
    [InlineData("2001:0:a00:1::1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b::192.168.1.1")]
    public void Private_Address_IsClosed(string address) =>
        Assert.Contains(ClosedNetworks.Private, network => network.Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.1.1")]
    [InlineData("224.0.0.251")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    [InlineData("64:ff9b::127.0.0.1")]
    [InlineData("64:ff9b::169.254.1.1")]
    public void Link_Address_IsClosedAlways(string address) =>
        Assert.Contains(ClosedNetworks.Always, network => network.Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("203.0.113.10")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::1.1.1.1")]
    public void Public_Address_IsOpen(string address) =>
        Assert.DoesNotContain(
            ClosedNetworks.Always.Concat(ClosedNetworks.Private), network => network.Contains(IPAddress.Parse(address)));

    [Fact]
    public void Table_OfEachHome_IsItsOwn()
    {
        Assert.NotEqual(EgressRules.TableOf("/a"), EgressRules.TableOf("/b"));
        Assert.Matches("^mags_[0-9a-f]{12}$", EgressRules.TableOf("/a"));
    }

    [Fact]
    public void Load_WithAServerOnTheLoopback_LeadsToItFromALoopbackAddressAlone()
    {
        var rules = new EgressRules("/a", new UidRange("/a"), new NetworkOptions(), Resolvers.Parse("nameserver 127.0.0.53"));

        Assert.Contains("ip daddr 10.0.2.3 meta l4proto { tcp, udp } th dport 53 dnat ip to 127.0.0.53\n", rules.Load, StringComparison.Ordinal);
        Assert.Contains("snat ip to 127.0.0.1\n", rules.Load, StringComparison.Ordinal);
        Assert.StartsWith($"table inet {rules.Table}\ndelete table inet {rules.Table}\ntable inet", rules.Load, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "ours", RuleWatch.Touch.Removed)]
    [InlineData(8, "ours", RuleWatch.Touch.Changed)]
    [InlineData(8, "other", RuleWatch.Touch.None)]
    [InlineData(15, "ours", RuleWatch.Touch.None)]
    internal void WorstIn_Announcement_TellsWhatBecameOfTheTable(byte kind, string table, RuleWatch.Touch touch)
    {
        byte[] name = [.. System.Text.Encoding.ASCII.GetBytes(table), 0];
        byte[] padded = [.. name, .. new byte[(4 - (name.Length % 4)) % 4]];
        byte[] message =
        [
            (byte)(24 + padded.Length), 0, 0, 0, kind, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0,
            (byte)(4 + name.Length), 0, 1, 0, .. padded,
        ];

        Assert.Equal(touch, RuleWatch.WorstIn(message, "ours"));
        Assert.Equal(touch, RuleWatch.WorstIn([.. message, .. message], "ours"));
        for (var length = 0; length < message.Length; length++)
        {
            _ = RuleWatch.WorstIn(message.AsSpan(0, length), "ours");
        }
    }
}
