using Mags.Cluster.Tests.Fakes;
using Mags.Cluster.Tests.Fixtures;
using Mags.Cluster.Workspaces;
using Mags.Data.Workspaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Cluster.Tests.Workspaces;

/// <summary>What is said of a layer that a sandbox has written to and that is not sealed.</summary>
public sealed class LiveDisksTests : IAsyncLifetime
{
    private TestNode _node = null!;
    private LiveDisks _live = null!;
    private OpenedLayer _opened = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Guid Workspace => _opened.Workspace.Id;

    public async ValueTask InitializeAsync()
    {
        _node = await TestNode.MakeAsync();
        _ = await _node.AddJobAsync("w");
        _opened = (await _node.Layers.OpenAsync(_node.User, "w", 2, Stop))!;
        _live = new LiveDisks(_node.Layers, _node.Files, NullLogger<LiveDisks>.Instance);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task SealAsync_SandboxThatIsAboutToEnd_DoesNotSayThatAllIsSealed()
    {
        await _node.WriteAsync(_opened.Id);

        Assert.False(await _live.SealAsync(Workspace, isAsked: false, Stop));
        Assert.True(await _live.HasChangedAsync(Workspace, Stop));

        await _node.Layers.SealAsync(Workspace, _opened.Id, 4, Stop);
        Assert.True(await _live.SealAsync(Workspace, isAsked: false, Stop));
        Assert.False(await _live.HasChangedAsync(Workspace, Stop));
    }

    [Fact]
    public async Task SealAsync_Asked_SealsAlsoWhatOnlyTheGuestsMemoryHas()
    {
        var machine = AddMachine();

        Assert.True(await _live.SealAsync(Workspace, isAsked: false, Stop));
        Assert.Empty(machine.Sealed);

        Assert.True(await _live.SealAsync(Workspace, isAsked: true, Stop));
        Assert.Equal([_node.Files.PathOf(Assert.Single(await _node.Layers.ListOpenAsync(Workspace, Stop)))], machine.Sealed);
    }

    [Fact]
    public async Task SealAsync_ThatWasCutOffAfterTheGuestWentOn_IsMadeUpByTheNext()
    {
        var machine = AddMachine();
        await _node.WriteAsync(_opened.Id);
        FileStream? held = null;
        machine.OnSeal = () => held = new FileStream(
            _node.Files.PathOf(_opened.Id), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        await Assert.ThrowsAsync<IOException>(() => _live.SealAsync(Workspace, isAsked: false, Stop));
        Assert.Equal(2, (await _node.Layers.ListOpenAsync(Workspace, Stop)).Count);
        await held!.DisposeAsync();

        Assert.True(await _live.SealAsync(Workspace, isAsked: false, Stop));

        Assert.Equal(
            [.. machine.Sealed.Select(Path.GetFileNameWithoutExtension)],
            (await _node.Layers.ListOpenAsync(Workspace, Stop)).Select(layer => layer.ToString("N")));
    }

    [Fact]
    public async Task SealAsync_AfterOneWhoseNextLayerWasNeverMade_Seals()
    {
        var machine = AddMachine();
        await _node.WriteAsync(_opened.Id);
        _ = await _node.Layers.StackAsync(Workspace, _opened.Id, Stop);

        Assert.True(await _live.SealAsync(Workspace, isAsked: false, Stop));

        Assert.Equal(
            [.. machine.Sealed.Select(Path.GetFileNameWithoutExtension)],
            (await _node.Layers.ListOpenAsync(Workspace, Stop)).Select(layer => layer.ToString("N")));
    }

    private SealingMachine AddMachine()
    {
        var machine = new SealingMachine();
        _live.Add(new JobDisk { Kept = Workspace, Pinned = _opened.Below }, machine);
        return machine;
    }

    [Fact]
    public async Task SealAsync_NothingWritten_SaysThatAllIsSealed() => Assert.True(await _live.SealAsync(Workspace, isAsked: false, Stop));
}
