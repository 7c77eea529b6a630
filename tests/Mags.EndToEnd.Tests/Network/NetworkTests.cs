using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Network;

[Trait("Category", "Machine")]
public sealed class NetworkTests(SharedServer shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, "welcome")]
    [InlineData(true, "welcome")]
    [InlineData(false, "no network")]
    public async Task Job_ByItsWish_ReachesAServerOutside(bool? network, string said)
    {
        using var server = OutsideWorld.Greet(OutsideWorld.Outside, OutsideWorld.Address);

        var job = await shared.Api.RunAsync(Ask(OutsideWorld.Address, server), body => body["network"] = network);

        Assert.Equal((0, said), (job.ExitCode, Assert.Single(job.Stdout)));
    }

    [Fact]
    public async Task Job_WithANetwork_DoesNotReachTheHost()
    {
        using var server = OutsideWorld.Greet(OutsideWorld.Host, OutsideWorld.HostAddress);

        var job = await shared.Api.RunAsync(Ask(OutsideWorld.HostAddress, server));

        Assert.Equal((0, "no network"), (job.ExitCode, Assert.Single(job.Stdout)));
    }

    [Fact]
    public async Task Cli_NoNetwork_LeavesTheLinkDown()
    {
        var run = await Command.MagsAsync(shared.Home, "run", "--no-network", "cat /sys/class/net/eth0/flags");

        Assert.Equal((0, "0x1002\n"), (run.ExitCode, run.Stdout));
    }

    [Fact]
    public async Task Status_NamesTheBoundary()
    {
        var server = (await shared.Api.Http.GetFromJsonAsync<JsonObject>("mags-server", Cancel))!;

        var wall = Assert.Single(server["walls"]!.AsArray(), wall => (string)wall!["name"]! == "egress");
        Assert.True((bool)wall!["stands"]!, (string)wall["detail"]!);
    }

    private static string Ask(string address, Greeter server) =>
        $"timeout 5 bash -c 'head -1 < /dev/tcp/{address}/{server.Port}' 2>/dev/null || echo no network";
}
