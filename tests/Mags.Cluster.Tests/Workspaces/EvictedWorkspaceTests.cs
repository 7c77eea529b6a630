using Mags.Cluster.Tests.Fixtures;
using Mags.Cluster.Workspaces;
using Mags.Data.Workspaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Cluster.Tests.Workspaces;

/// <summary>Workspaces that the object store alone has, and that leave the node again while somebody wants them.</summary>
public sealed class EvictedWorkspaceTests : IAsyncLifetime
{
    private readonly List<Guid> _restored = [];
    private TestNode _node = null!;
    private HeldLayers _held = null!;
    private WorkspaceRemoval _removal = null!;

    // What happens between a restore and the next look.
    private Func<WorkspaceRow, Task> _meanwhile = _ => Task.CompletedTask;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await TestNode.MakeAsync();
        _held = new HeldLayers(_node.Files);
        _removal = new WorkspaceRemoval(
            _node.Workspaces, _node.Snapshots, _held, NullLogger<WorkspaceRemoval>.Instance);
        _ = await _node.AddStoredAsync("w", "s1");
    }

    public async ValueTask DisposeAsync()
    {
        _held.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task PinAsync_EvictedWhileItWasBrought_IsBroughtAgainAndStaysThen()
    {
        _meanwhile = async row =>
        {
            if (_restored.Count == 1)
            {
                Assert.True(await _removal.EvictAsync(row.Id, Stop));
            }
        };
        var sealedLayers = new SealedLayers(_node.Workspaces, _held, BringAsync);

        var found = (await sealedLayers.PinAsync(_node.User, "w", Stop))!;

        Assert.Equal(2, _restored.Count);
        Assert.Equal(_restored[1], found.Layers[^1]);
        Assert.True(await _removal.EvictAsync(found.Workspace.Id, Stop));
        Assert.All(found.Layers, layer => Assert.True(_node.Files.Exists(layer)));
        _held.Unpin(found.Layers);
        Assert.Empty(_node.Files.List());
    }

    [Fact]
    public async Task PinAsync_DeletedWhileItWasBrought_IsNotThere()
    {
        _meanwhile = row => _removal.DeleteAsync(row.UserId, row.Name, Stop);

        Assert.Null(await new SealedLayers(_node.Workspaces, _held, BringAsync).PinAsync(_node.User, "w", Stop));
        Assert.Empty(_node.Files.List());
    }

    [Fact]
    public async Task OpenAsync_RolledBackWhileItWasBrought_StartsFromTheSnapshotBefore()
    {
        _ = await _node.AddJobAsync("w");
        var open = new OpenLayers(_node.Workspaces, _node.Layers, _node.Files, _held, async (row, token) =>
        {
            if (row.SnapshotId == "s1")
            {
                Assert.True(await _node.Snapshots.GoBackAsync(row.Id, "s1", "s0", token));
            }

            await BringAsync(row, token);
        });

        var opened = (await open.OpenAsync(_node.User, "w", 2, Stop))!;

        Assert.Equal(2, _restored.Count);
        Assert.Equal(_restored[1], opened.Below[^1]);
        Assert.Equal("s0", opened.Workspace.SnapshotId);
    }

    [Theory]
    [InlineData(8, 0x51)]
    [InlineData(200_000, 0)]
    public async Task SettleAsync_LayerWhoseMakingWasCutOff_IsNoneAndWhatIsBelowIsSealed(int bytes, byte first)
    {
        _ = await _node.AddJobAsync("v");
        var opened = (await _node.Layers.OpenAsync(_node.User, "v", 2, Stop))!;
        var next = (await _node.Layers.StackAsync(opened.Workspace.Id, opened.Id, Stop))!.Value;
        await _node.WriteAsync(opened.Id);
        await File.WriteAllBytesAsync(_node.Files.PathOf(next), [first, .. new byte[bytes - 1]], Stop);
        var open = new OpenLayers(_node.Workspaces, _node.Layers, _node.Files, _held, BringAsync);

        await open.SettleAsync(opened.Workspace.Id, Stop);

        Assert.Empty(await _node.Layers.ListOpenAsync(opened.Workspace.Id, Stop));
        Assert.Equal(opened.Id, (await _node.Workspaces.FindAsync(_node.User, "v", Stop))!.TopLayerId);
        Assert.False(_node.Files.Exists(next));
    }

    private async Task BringAsync(WorkspaceRow row, CancellationToken cancellationToken)
    {
        _restored.Add(await _node.RestoreAsync(row));
        await _meanwhile(row);
    }
}
