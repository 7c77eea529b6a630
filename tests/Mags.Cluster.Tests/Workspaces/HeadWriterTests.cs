using System.Security.Cryptography;
using Mags.Cluster.Tests.Fixtures;
using Mags.Cluster.Workspaces.Sync;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Tests.Workspaces;

/// <summary>A snapshot that is named has its image in the object store, whoever sweeps it meanwhile.</summary>
public sealed class HeadWriterTests : IAsyncLifetime
{
    private static readonly string _snapshot = new('5', 64);

    private TestNode _node = null!;
    private StoredImages _images = null!;
    private HeadWriter _writer = null!;
    private string _digest = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string ImageFile => Path.Combine(_node.Home, "images", $"sha256-{_digest}.squashfs");

    private string ImageKey => $"images/{_digest}";

    public async ValueTask InitializeAsync()
    {
        _node = await TestNode.MakeAsync();
        var content = RandomNumberGenerator.GetBytes(1000);
        _digest = Convert.ToHexStringLower(SHA256.HashData(content));
        Directory.CreateDirectory(Path.GetDirectoryName(ImageFile)!);
        await File.WriteAllBytesAsync(ImageFile, content, Stop);
        _images = new StoredImages(_node.Get<ImageCatalog>(), _node.Get<ImageObjects>());
        _writer = new HeadWriter(_node.Snapshots, _node.Get<WorkspaceHeads>(), _images);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task WriteAsync_ImageSweptBeforeTheHeadNamedIt_IsStoredAgain()
    {
        var plan = await PlanAsync();
        await _images.StoreAsync(plan.Workspace, Stop);
        AfterHead(() => _node.Objects.DeleteAsync(ImageKey, Stop));

        await _writer.WriteAsync(plan, _snapshot, TimeProvider.System.GetUtcNow(), Stop);

        Assert.True(await _node.Get<ImageObjects>().ExistsAsync(_digest, Stop));
        Assert.Equal(_snapshot, (await FindAsync()).SnapshotId);
    }

    [Fact]
    public async Task WriteAsync_ImageSweptAndNotHereEither_IsNotSaidToBeSynced()
    {
        var plan = await PlanAsync();
        await _images.StoreAsync(plan.Workspace, Stop);
        AfterHead(() =>
        {
            File.Delete(ImageFile);
            return _node.Objects.DeleteAsync(ImageKey, Stop);
        });

        var error = await Assert.ThrowsAsync<MachineException>(
            () => _writer.WriteAsync(plan, _snapshot, TimeProvider.System.GetUtcNow(), Stop));

        Assert.Equal(MachineFault.UnknownImage, error.Reason);
        Assert.Null((await FindAsync()).SyncedAt);
    }

    [Fact]
    public async Task WriteAsync_WorkspaceDeletedMeanwhile_LeavesNoHead()
    {
        var plan = await PlanAsync();
        AfterHead(() => _node.Workspaces.DeleteAsync(_node.User, "w", Stop));

        await _writer.WriteAsync(plan, _snapshot, TimeProvider.System.GetUtcNow(), Stop);

        Assert.Null(await _node.Get<WorkspaceHeads>().ReadAsync("ada", "w", Stop));
    }

    [Fact]
    public async Task WriteAsync_DeletedAndMadeAnewMeanwhile_LeavesTheNewOnesHead()
    {
        var old = await PlanAsync();
        _ = await _node.Workspaces.DeleteAsync(_node.User, "w", Stop);
        var made = await PlanAsync();
        await _writer.WriteAsync(made, _snapshot, TimeProvider.System.GetUtcNow(), Stop);

        await _writer.WriteAsync(old, new string('6', 64), TimeProvider.System.GetUtcNow(), Stop);
        var isGone = await _node.Get<WorkspaceHeads>().DeleteAsync(
            await _node.Snapshots.GetDatabaseIdAsync(Stop), "ada", "w", old.Workspace.Id, Stop);

        var head = (await _node.Get<WorkspaceHeads>().ReadAsync("ada", "w", Stop))!.Head;
        Assert.Equal((_snapshot, made.Workspace.Id), (head.Snapshot, head.WorkspaceId));
        Assert.False(isGone);
    }

    [Fact]
    public async Task WriteAsync_HeadOfADeletedOne_IsReplacedAndNotGoneBackTo()
    {
        var old = await PlanAsync();
        await _writer.WriteAsync(old, _snapshot, TimeProvider.System.GetUtcNow(), Stop);
        _ = await _node.Workspaces.DeleteAsync(_node.User, "w", Stop);
        var made = await PlanAsync();

        await _writer.WriteAsync(made, new string('6', 64), TimeProvider.System.GetUtcNow(), Stop);

        var head = (await _node.Get<WorkspaceHeads>().ReadAsync("ada", "w", Stop))!.Head;
        Assert.Equal((new string('6', 64), null), (head.Snapshot, head.Previous));
    }

    [Fact]
    public async Task CheckAsync_WorkspaceOfAnotherDatabase_IsRefusedBeforeAnythingIsSent()
    {
        var plan = await PlanAsync();
        await _writer.CheckAsync(plan, Stop);
        await _writer.WriteAsync(plan, _snapshot, TimeProvider.System.GetUtcNow(), Stop);
        await _writer.CheckAsync(plan, Stop);
        var there = (await _node.Get<WorkspaceHeads>().ReadAsync("ada", "w", Stop))!;
        await _node.Objects.DeleteAsync("heads/616461/77.json", Stop);
        _ = await _node.Get<WorkspaceHeads>().WriteAsync(there.Head with { Writer = Guid.NewGuid() }, null, Stop);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => _writer.CheckAsync(plan, Stop));

        Assert.Contains("that another server wrote", error.Message, StringComparison.Ordinal);
    }

    private void AfterHead(Func<Task> happens) => _node.Objects.RecordWritten =
        key => key.StartsWith("heads/", StringComparison.Ordinal) ? happens() : Task.CompletedTask;

    private async Task<SyncPlan> PlanAsync()
    {
        var opened = await _node.AddSealedAsync("w");
        await _node.Workspaces.SetImageAsync(opened.Workspace.Id, "sha256:" + _digest, Stop);
        return (await _node.Snapshots.PlanAsync(opened.Workspace.Id, Stop))!;
    }

    private async Task<WorkspaceRow> FindAsync() => (await _node.Workspaces.FindAsync(_node.User, "w", Stop))!;
}
