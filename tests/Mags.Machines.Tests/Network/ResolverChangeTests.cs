using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>The host's <c>/etc/resolv.conf</c> changes while the server runs.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class ResolverChangeTests(MachineFixture machines) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task HostsFile_Rewritten_NextMachineAndThoseThatRunAreLedToTheNewServer()
    {
        var file = Write("resolv.conf", "127.0.0.53");
        await using var network = await MakeAsync(file);
        using var first = NetworkLab.Serve(network.Lab.Host, "127.0.0.53", port: 53);
        using var second = NetworkLab.Serve(network.Lab.Outside, NetworkLab.PrivateFour, port: 53);
        await using var old = await network.AcquireAsync();
        await AskAsync(old);

        _ = Write("resolv.conf", NetworkLab.PrivateFour);
        await using var machine = await network.AcquireAsync();
        await AskAsync(machine);
        await AskAsync(old);

        Assert.Single(first.Heard);
        Assert.Equal(2, second.Heard.Count);
    }

    [Fact]
    public async Task HostsFile_ThatIsALinkToOneThatIsRewritten_IsSeen()
    {
        var file = _folder.File("link");
        _ = File.CreateSymbolicLink(file, Write("stub-resolv.conf", "127.0.0.53"));
        await using var network = await MakeAsync(file);
        await network.Network.EnsureAsync(Token);
        Assert.Single(network.Network.Expect()!.NameServers);

        _ = Write("stub-resolv.conf", "127.0.0.53\nnameserver 127.0.0.54");
        await network.Network.EnsureAsync(Token);

        Assert.Equal(2, network.Network.Expect()!.NameServers.Count);
    }

    [Fact]
    public async Task HostsFile_Removed_NetworkStandsWithoutNameServers()
    {
        var file = Write("resolv.conf", "127.0.0.53");
        await using var network = await MakeAsync(file);
        await network.Network.EnsureAsync(Token);

        File.Delete(file);
        await network.Network.EnsureAsync(Token);

        Assert.Null(network.Network.Absence);
        Assert.Empty(network.Network.Expect()!.NameServers);
    }

    private Task<OtherNetwork> MakeAsync(string file) =>
        OtherNetwork.MakeAsync(machines, IpFamilies.Four, new NetworkOptions { HostsFile = file });

    private string Write(string name, string server)
    {
        File.WriteAllText(_folder.File(name), $"nameserver {server}\n");
        return _folder.File(name);
    }

    private static async Task AskAsync(MicroVm machine) => Assert.Equal(
        0, (await MachineFixture.ShellAsync(machine, NetworkedMachine.Question("udp", "10.0.2.3", 53), Token)).ExitCode);
}
