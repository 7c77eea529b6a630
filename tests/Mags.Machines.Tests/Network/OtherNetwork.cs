using Mags.Machines.Disks;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Network;

/// <summary>A lab of its own, and a network with other settings that machines of the fixture's home may have in it.</summary>
internal sealed class OtherNetwork(MachineFixture machines, NetworkLab lab, SandboxNetwork network) : IAsyncDisposable
{
    public NetworkLab Lab => lab;

    public SandboxNetwork Network => network;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<OtherNetwork> MakeAsync(MachineFixture machines, IpFamilies families, NetworkOptions options)
    {
        var lab = await NetworkLab.MakeAsync(families);
        options.Namespace = lab.Host;
#pragma warning disable CA2000 // What is returned owns it.
        return new OtherNetwork(machines, lab, new SandboxNetwork(
            await machines.GetAsync<HomeFolders>(),
            await machines.GetAsync<UidRange>(),
            Options.Create(options),
            await machines.GetAsync<IOptions<MachinesOptions>>(),
            TimeProvider.System,
            NullLogger<SandboxNetwork>.Instance));
#pragma warning restore CA2000
    }

    /// <summary>A machine that has this network.</summary>
    public Task<MicroVm> AcquireAsync() => AcquireAsync(machines, network, NetworkWish.Required);

    /// <summary>A machine that is to have a network, as far as that is there.</summary>
    public static async Task<MicroVm> AcquireAsync(MachineFixture machines, SandboxNetwork network, NetworkWish wish)
    {
        var claimer = new MachineClaimer(
            await machines.GetAsync<BlankDisks>(), network, TimeProvider.System, NullLogger<MachineClaimer>.Instance);
        var waiting = await machines.MakeWaitingAsync(Token);
        try
        {
            return await claimer.ClaimAsync(
                waiting, MachineFixture.Request with { Network = wish }, new StepClock(TimeProvider.System), Token);
        }
        catch
        {
            await waiting.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await network.DisposeAsync();
        await lab.DisposeAsync();
    }
}
