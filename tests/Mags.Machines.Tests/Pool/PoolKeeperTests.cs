using Mags.Machines.Images;
using Mags.Machines.Network;
using Mags.Machines.Pool;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Walls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Pool;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class PoolKeeperTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // A background service that fails ends the server.
    [Fact]
    public async Task Start_SetUpFailsAtFirst_WaitsForTheOneThatDoesNot()
    {
        var options = Options.Create(new PoolOptions { MinHot = 1, MinUnmounted = 0, Cold = 0 });
        await using var pool = new MachinePool(options, TimeProvider.System);
        var platform = await machines.GetAsync<MachinePlatform>();
        var images = await machines.GetAsync<ImageCatalog>();
        var factory = await machines.GetAsync<MachineFactory>();
        var host = new MachineHost(
            images,
            platform,
            pool,
            factory,
            await machines.GetAsync<HostWalls>(),
            await machines.GetAsync<SandboxNetwork>(),
            NullLogger<MachineHost>.Instance);
        using var keeper = new PoolKeeper(
            pool,
            host,
            platform,
            factory,
            await machines.GetAsync<RestoreSlots>(),
            images,
            options,
            await machines.GetAsync<IOptions<MachinesOptions>>(),
            TimeProvider.System,
            NullLogger<PoolKeeper>.Instance);
        await keeper.StartAsync(Token);

        host.SetFailed("The disk is full.");
        host.SetStarting("another attempt");
        host.SetReady();

        for (var changed = pool.Changed; pool.Status(0).Hot == 0; changed = pool.Changed)
        {
            await (await Task.WhenAny(changed.WaitAsync(Token), keeper.ExecuteTask!));
        }

        await keeper.StopAsync(Token);
        Assert.Equal(TaskStatus.RanToCompletion, keeper.ExecuteTask!.Status);
    }
}
