using System.Diagnostics;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Network;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class NoNetworkTests(MachineFixture machines)
{
    private readonly LogLines<SandboxNetwork> _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rules_ThatCanNotBeLoaded_NoMachineGetsANetworkAndTheReasonIsTold()
    {
        using var root = new TemporaryFolder();
        var lab = await machines.LabAsync();
        await using var network = await MakeAsync(root, new NetworkOptions { Namespace = lab.Host });
        // A table that a living process owns is nobody else's to change.
        using var owner = Process.Start(
            new ProcessStartInfo("ip", ["netns", "exec", lab.Host, "nft", "--interactive"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        await owner.StandardInput.WriteLineAsync(
            $"add table inet {EgressRules.TableOf(root.AsHome().Home)} {{ flags owner; }}; list tables");
        await owner.StandardInput.FlushAsync(Token);
        while (await owner.StandardOutput.ReadLineAsync(Token) is { } line
            && !line.Contains(EgressRules.TableOf(root.AsHome().Home), StringComparison.Ordinal))
        {
            // The table is there once it is listed.
        }

        await network.EnsureAsync(Token);

        Assert.Contains("Operation not permitted", network.Absence, StringComparison.Ordinal);
        Assert.False(network.Wall.Stands);
        await AssertNoMachineGetsOneAsync(network, lab);
        owner.StandardInput.Close();
        await owner.WaitForExitAsync(Token);
    }

    [Fact]
    public async Task Namespace_ThatIsNotThere_NoMachineGetsANetworkAndTheReasonIsTold()
    {
        using var root = new TemporaryFolder();
        await using var network = await MakeAsync(root, new NetworkOptions { Namespace = "no-such" });

        await network.EnsureAsync(Token);

        Assert.Equal("There is no network namespace /run/netns/no-such (Network:Namespace).", network.Absence);
        Assert.False(network.Wall.Stands);
        Assert.Contains("no-such", network.Wall.Detail, StringComparison.Ordinal);
        Assert.Equal([$"Warning: Sandboxes get no network: {network.Absence}"], _log.Lines);
    }

    private async Task AssertNoMachineGetsOneAsync(SandboxNetwork network, NetworkLab lab)
    {
        using var server = NetworkLab.Serve(lab.Outside, NetworkLab.OutsideFour);
        await using var machine = await OtherNetwork.AcquireAsync(machines, network, NetworkWish.IfPossible);
        await NetworkLifeTests.AssertHasNoneAsync(machine, server);
        var error = await Assert.ThrowsAsync<MachineException>(
            () => OtherNetwork.AcquireAsync(machines, network, NetworkWish.Required));
        Assert.Equal(MachineFault.NoNetwork, error.Reason);
        Assert.Contains("Operation not permitted", error.Message, StringComparison.Ordinal);
    }

    private async Task<SandboxNetwork> MakeAsync(TemporaryFolder root, NetworkOptions options)
    {
        var home = root.AsHome();
        return new SandboxNetwork(
            home,
            new UidRange(home.Home),
            Options.Create(options),
            Options.Create(new MachinesOptions { Home = root, JailPath = await machines.JailAsync() }),
            TimeProvider.System,
            _log);
    }
}
