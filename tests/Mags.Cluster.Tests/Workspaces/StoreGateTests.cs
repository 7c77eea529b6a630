using Mags.Cluster.Objects;
using Mags.Cluster.Tests.Fixtures;
using Mags.Data.Workspaces;
using Mags.Storage;
using Mags.Storage.Objects;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Tests.Workspaces;

/// <summary>What is said to be synced is in the store that is in use: an empty mount point is none.</summary>
public sealed class StoreGateTests : IAsyncLifetime
{
    private TestNode _node = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Folder => Path.Combine(_node.Home, "objects");

    public async ValueTask InitializeAsync() => _node = await TestNode.MakeAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task OpenAsync_TheStoreOfBefore_ChangesNothing()
    {
        await OpenAsync();
        var opened = await SyncedAsync();

        await OpenAsync();

        Assert.Empty(await _node.Snapshots.ListPendingAsync(Stop));
        Assert.Equal(opened.Id, (await FindAsync()).SyncedLayerId);
    }

    [Fact]
    public async Task OpenAsync_StoreThatIsNotMounted_IsRefusedAndLeftEmpty()
    {
        await OpenAsync();
        _ = await SyncedAsync();
        Directory.Delete(Folder, recursive: true);
        _ = Directory.CreateDirectory(Folder);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => OpenAsync());

        Assert.Equal(ObjectStoreFault.Denied, error.Fault);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
        Assert.NotNull((await FindAsync()).SyncedAt);
    }

    [Fact]
    public async Task OpenAsync_AnotherThatIsToBeAccepted_GetsAllAnew()
    {
        await OpenAsync();
        var opened = await SyncedAsync();
        Directory.Delete(Folder, recursive: true);
        _ = Directory.CreateDirectory(Folder);

        await OpenAsync(acceptOther: true);

        Assert.Equal([opened.Workspace.Id], await _node.Snapshots.ListPendingAsync(Stop));
        Assert.Equal((null, null), ((await FindAsync()).SnapshotId, (await FindAsync()).SyncedAt));
        await OpenAsync();
    }

    private async Task OpenAsync(bool acceptOther = false)
    {
        using var gate = new StoreGate(
            _node.Objects,
            _node.Get<StoreBinding>(),
            Options.Create(new ObjectStoreOptions { AcceptOther = acceptOther }),
            NullLogger<StoreGate>.Instance);
        await gate.OpenAsync(Stop);
    }

    private async Task<OpenedLayer> SyncedAsync()
    {
        var opened = await _node.AddSealedAsync("w");
        _ = await _node.Snapshots.SetSyncedAsync(
            opened.Workspace.Id, opened.Id, new string('5', 64), TimeProvider.System.GetUtcNow(), Stop);
        return opened;
    }

    private async Task<WorkspaceRow> FindAsync() => (await _node.Workspaces.FindAsync(_node.User, "w", Stop))!;
}
