using Mags.Data.Tests.Fixtures;
using Mags.Data.Workspaces;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests.Workspaces;

/// <summary>What is known of workspaces in the object store.</summary>
public sealed class SnapshotStoreTests(PostgresServer postgres)
{
    private static readonly DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task GetDatabaseIdAsync_AnyTime_IsTheSame(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);

        Assert.Equal(
            await database.Snapshots.GetDatabaseIdAsync(RunToken), await database.Snapshots.GetDatabaseIdAsync(RunToken));
    }

    [Theory, EachDatabase]
    public async Task GetDatabaseIdAsync_OnceItIsMade_WritesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var id = await database.Snapshots.GetDatabaseIdAsync(RunToken);

        var reader = database.OpenReadOnly().GetRequiredService<SnapshotStore>();

        Assert.Equal(id, await reader.GetDatabaseIdAsync(RunToken));
    }

    [Theory, EachDatabase]
    public async Task PlanAsync_PersistentWorkspace_IsWhatIsAboveTheSyncedLayer(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var first = await RunAsync(database, "w");
        var workspace = first.Workspace.Id;

        Assert.Equal([workspace], await database.Snapshots.ListPendingAsync(RunToken));
        var whole = (await database.Snapshots.PlanAsync(workspace, RunToken))!;
        Assert.Equal([first.Below[0], first.Id], whole.Layers);
        Assert.Equal((-1, "ada"), (whole.SyncedLevel, whole.User));

        Assert.True(await database.Snapshots.SetSyncedAsync(workspace, first.Id, "s1", _now, RunToken));
        Assert.Empty(await database.Snapshots.ListPendingAsync(RunToken));
        Assert.Null(await database.Snapshots.PlanAsync(workspace, RunToken));

        var second = await RunAsync(database, "w");
        var change = (await database.Snapshots.PlanAsync(workspace, RunToken))!;
        Assert.Equal([first.Below[0], first.Id, second.Id], change.Layers);
        Assert.Equal((1, "s1"), (change.SyncedLevel, change.Workspace.SnapshotId));
    }

    [Theory, EachDatabase]
    public async Task PlanAsync_AFork_SendsWhatItHasAlone(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var first = await RunAsync(database, "b");
        await database.Snapshots.SetSyncedAsync(first.Workspace.Id, first.Id, "s1", _now, RunToken);
        var (_, job) = await WorkspaceClaimTests.AddAsync(
            database, first.Workspace.UserId, new WorkspaceWish { Name = "f", Base = "b" }, persistent: true);
        await WorkspaceClaimTests.EndAsync(database, job);
        var fork = (await database.Workspaces.FindAsync(first.Workspace.UserId, "f", RunToken))!;

        var plan = (await database.Snapshots.PlanAsync(fork.Id, RunToken))!;

        Assert.Equal(("s1", 1), (plan.Workspace.SnapshotId, plan.SyncedLevel));
    }

    [Theory, EachDatabase]
    public async Task PlanAsync_AfterAMerge_KnowsTheSyncedLayer(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var first = await RunAsync(database, "w");
        var second = await RunAsync(database, "w");
        var workspace = first.Workspace.Id;
        await database.Snapshots.SetSyncedAsync(workspace, second.Id, "s1", _now, RunToken);

        await MergeAsync(database, workspace);
        Assert.Null(await database.Snapshots.PlanAsync(workspace, RunToken));

        // What waits for the store is left alone, until too much does: then it becomes one.
        var third = await RunAsync(database, "w");
        Assert.Null(await database.Layers.PlanMergeAsync(workspace, 2, RunToken));
        var fourth = await RunAsync(database, "w");
        var plan = (await database.Layers.PlanMergeAsync(workspace, 2, RunToken))!;
        Assert.Equal([third.Id, fourth.Id], plan.Merged);
        await MergeAsync(database, workspace);
        Assert.Equal(1, (await database.Snapshots.PlanAsync(workspace, RunToken))!.SyncedLevel);
        Assert.Equal(3, (await database.Snapshots.PlanAsync(workspace, RunToken))!.Layers.Count);
    }

    [Theory, EachDatabase]
    public async Task SetErrorAsync_UntilASyncSucceeds_IsThere(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var first = await RunAsync(database, "w");

        await database.Snapshots.SetErrorAsync(first.Workspace.Id, "the store is down", RunToken);
        Assert.Equal("the store is down", (await FindAsync(database, "w")).SyncError);

        await database.Snapshots.SetSyncedAsync(first.Workspace.Id, first.Id, "s1", _now, RunToken);
        var synced = await FindAsync(database, "w");
        Assert.Equal((null, "s1", _now), (synced.SyncError, synced.SnapshotId, synced.SyncedAt));
    }

    [Theory, EachDatabase]
    public async Task EvictAsync_WhatIsNotSyncedOrInUse_Stays(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var unsynced = await RunAsync(database, "unsynced");
        var local = await RunAsync(database, "local", persistent: false);
        var used = await RunAsync(database, "used");
        var read = await RunAsync(database, "read");
        var free = await RunAsync(database, "free");
        foreach (var layer in (OpenedLayer[])[used, read, free, local])
        {
            await database.Snapshots.SetSyncedAsync(layer.Workspace.Id, layer.Id, "s", _now, RunToken);
        }

        var ada = free.Workspace.UserId;
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "used" });
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Base = "read" });

        Assert.Equal(["free"], (await database.Snapshots.ListEvictableAsync(RunToken)).Select(row => row.Name));
        foreach (var layer in (OpenedLayer[])[unsynced, local, used, read])
        {
            Assert.Empty(await database.Snapshots.EvictAsync(layer.Workspace.Id, RunToken));
        }

        Assert.Equal([free.Id, free.Below[0]], await database.Snapshots.EvictAsync(free.Workspace.Id, RunToken));
        Assert.Null((await FindAsync(database, "free")).TopLayerId);
    }

    [Theory, EachDatabase]
    public async Task SetRestoredAsync_EvictedWorkspace_StartsFromItsSnapshot(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var first = await RunAsync(database, "w");
        var workspace = first.Workspace.Id;
        await database.Snapshots.SetSyncedAsync(workspace, first.Id, "s1", _now, RunToken);
        _ = await database.Snapshots.EvictAsync(workspace, RunToken);
        var (lowest, restored) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        Assert.False(await SetRestoredAsync(database, workspace, "other", lowest, restored));
        Assert.True(await SetRestoredAsync(database, workspace, "s1", lowest, restored));
        Assert.False(await SetRestoredAsync(database, workspace, "s1", Guid.CreateVersion7(), Guid.CreateVersion7()));

        var read = (await database.Workspaces.ReadAsync(first.Workspace.UserId, "w", RunToken))!;
        Assert.Equal([lowest, restored], read.Layers);
        Assert.Empty(await database.Snapshots.ListPendingAsync(RunToken));
    }

    [Theory, EachDatabase]
    public async Task OpenAsync_WorkspaceThatTheStoreAloneHas_OpensNoEmptyOne(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var first = await RunAsync(database, "w");
        await database.Snapshots.SetSyncedAsync(first.Workspace.Id, first.Id, "s1", _now, RunToken);
        _ = await database.Snapshots.EvictAsync(first.Workspace.Id, RunToken);
        Assert.True((await FindAsync(database, "w")).IsStoredAlone);

        Assert.Null(await database.Layers.OpenAsync(first.Workspace.UserId, "w", 2, RunToken));

        Assert.Empty(await database.Layers.ListAsync(RunToken));
        _ = await SetRestoredAsync(database, first.Workspace.Id, "s1", Guid.CreateVersion7(), Guid.CreateVersion7());
        Assert.Equal(2, (await database.Layers.OpenAsync(first.Workspace.UserId, "w", 2, RunToken))!.Below.Count);
    }

    [Theory, EachDatabase]
    public async Task FallBackAsync_LostFiles_LeavesTheSnapshot(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var synced = await RunAsync(database, "w");
        await database.Snapshots.SetSyncedAsync(synced.Workspace.Id, synced.Id, "s1", _now, RunToken);
        var later = await RunAsync(database, "w");
        var never = await RunAsync(database, "never");

        Assert.Equal(
            [later.Id, synced.Id, synced.Below[0]], await database.Snapshots.FallBackAsync(synced.Workspace.Id, RunToken));
        Assert.Empty(await database.Snapshots.FallBackAsync(never.Workspace.Id, RunToken));

        var all = await database.Snapshots.ListAsync(RunToken);
        Assert.Equal(
            [("never", 2), ("w", 0)], all.Select(row => (row.Workspace.Name, row.Layers.Count)).Order());
    }

    [Theory, EachDatabase]
    public async Task ListImagesAsync_PersistentWorkspaces_AreThereBeforeTheirFirstSync(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        _ = await RunAsync(database, "local", persistent: false);
        Assert.Empty(await database.Snapshots.ListImagesAsync(RunToken));

        _ = await RunAsync(database, "w");
        _ = await RunAsync(database, "other");

        Assert.Equal(["sha256:1"], await database.Snapshots.ListImagesAsync(RunToken));
    }

    [Theory, EachDatabase]
    public async Task ListPendingAsync_LayerLeftOpen_IsPendingAlsoWhenAllBelowIsSynced(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var synced = await RunAsync(database, "w");
        await database.Snapshots.SetSyncedAsync(synced.Workspace.Id, synced.Id, "s1", _now, RunToken);
        Assert.Empty(await database.Snapshots.ListPendingAsync(RunToken));

        _ = await database.Layers.OpenAsync(await database.AddUserAsync(), "w", 2, RunToken);

        Assert.Equal([synced.Workspace.Id], await database.Snapshots.ListPendingAsync(RunToken));
    }

    private static Task<bool> SetRestoredAsync(
        TestDatabase database, Guid workspace, string snapshot, Guid lowest, Guid restored) =>
        database.Snapshots.SetRestoredAsync(workspace, snapshot, lowest, 2, restored, 9, _now, RunToken);

    private static async Task MergeAsync(TestDatabase database, Guid workspace)
    {
        var plan = (await database.Layers.PlanMergeAsync(workspace, 2, RunToken))!;
        _ = await database.Layers.ReplaceAsync(plan, Guid.CreateVersion7(), 3, RunToken);
    }

    private static async Task<WorkspaceRow> FindAsync(TestDatabase database, string name) =>
        (await database.Workspaces.FindAsync(await database.AddUserAsync(), name, RunToken))!;

    private static async Task<OpenedLayer> RunAsync(TestDatabase database, string name, bool persistent = true)
    {
        var opened = await WorkspaceStoreTests.RunAsync(
            database, await database.AddUserAsync(), name, persistent: persistent);
        await database.Workspaces.SetImageAsync(opened.Workspace.Id, "sha256:1", RunToken);
        return opened;
    }
}
