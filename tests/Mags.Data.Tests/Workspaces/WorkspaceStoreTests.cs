using Mags.Data.Tests.Fixtures;
using Mags.Data.Workspaces;

namespace Mags.Data.Tests.Workspaces;

/// <summary>How layers come, are sealed and go.</summary>
public sealed class WorkspaceStoreTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task OpenAsync_EachRun_LiesOnWhatTheLastSealed(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();

        var first = await RunAsync(database, ada, "w", bytes: 10);
        var second = await RunAsync(database, ada, "w", bytes: 20);

        Assert.Single(first.Below);
        Assert.Equal([first.Below[0], first.Id], second.Below);
        var read = await database.Workspaces.ReadAsync(ada, "w", RunToken);
        Assert.Equal([first.Below[0], first.Id, second.Id], read!.Layers);
        Assert.Equal((30, null), (read.Workspace.Bytes, read.Workspace.OpenLayerId));
    }

    [Theory, EachDatabase]
    public async Task ReadAsync_WhileALayerIsOpen_IsTheSealedState(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var first = await RunAsync(database, ada, "w");
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "w" });
        var open = (await database.Layers.OpenAsync(ada, "w", 2, RunToken))!;

        Assert.Equal([first.Below[0], first.Id], (await database.Workspaces.ReadAsync(ada, "w", RunToken))!.Layers);
        Assert.Equal([open.Id], (await database.Layers.ListOpenAsync(RunToken)).Select(row => row.OpenLayerId!.Value));
    }

    [Theory, EachDatabase]
    public async Task ForkAsync_WhileALayerIsOpen_StartsFromTheNewestSealedOneAndItsSnapshot(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var first = await RunAsync(database, ada, "w");
        var second = await RunAsync(database, ada, "w");
        var now = database.Time.GetUtcNow();
        _ = await database.Snapshots.SetSyncedAsync(second.Workspace.Id, second.Id, "s1", now, RunToken);
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "w" });
        _ = await database.Layers.OpenAsync(ada, "w", 2, RunToken);

        Assert.Null(await database.Workspaces.ForkAsync(ada, "f", "w", now, RunToken));

        var fork = (await database.Workspaces.ReadAsync(ada, "f", RunToken))!;
        Assert.Equal([first.Below[0], first.Id, second.Id], fork.Layers);
        Assert.Equal(
            (null, second.Id, "s1"), (fork.Workspace.OpenLayerId, fork.Workspace.SyncedLayerId, fork.Workspace.SnapshotId));
    }

    [Theory, EachDatabase]
    public async Task AbandonAsync_OpenLayer_IsForgotten(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var first = await RunAsync(database, ada, "w");
        var open = (await database.Layers.OpenAsync(ada, "w", 2, RunToken))!;

        await database.Layers.AbandonAsync(open.Workspace.Id, open.Id, RunToken);

        Assert.Empty(await database.Layers.ListOpenAsync(RunToken));
        Assert.Equal(
            new[] { first.Below[0], first.Id }.Order(), (await database.Layers.ListAsync(RunToken)).Order());
    }

    [Theory, EachDatabase]
    public async Task DeleteAsync_ReleasesWhatOnlyItHasAndKeepsWhatForksHave(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var shared = await RunAsync(database, ada, "b");
        var (_, fork) = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "f", Base = "b" });
        await WorkspaceClaimTests.EndAsync(database, fork);
        var own = await RunAsync(database, ada, "b");

        var first = await database.Workspaces.DeleteAsync(ada, "b", RunToken);
        var second = await database.Workspaces.DeleteAsync(ada, "f", RunToken);

        Assert.Equal((true, 0), (first.Found, first.ActiveJobs));
        Assert.Equal([own.Id], first.Layers);
        Assert.Equal([shared.Id, shared.Below[0]], second.Layers);
        Assert.Empty(await database.Layers.ListAsync(RunToken));
        Assert.False((await database.Workspaces.DeleteAsync(ada, "f", RunToken)).Found);
    }

    [Theory, EachDatabase]
    public async Task PlanMergeAsync_LongChain_MergesWhatTheWorkspaceHasAlone(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var shared = await RunAsync(database, ada, "b");
        var (_, fork) = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "f", Base = "b" });
        await WorkspaceClaimTests.EndAsync(database, fork);
        var second = await RunAsync(database, ada, "b");
        var third = await RunAsync(database, ada, "b");

        Assert.Null(await database.Layers.PlanMergeAsync(third.Workspace.Id, 4, RunToken));
        // A run that has begun meanwhile makes no difference.
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "b" });
        _ = await database.Layers.OpenAsync(ada, "b", 2, RunToken);
        var plan = (await database.Layers.PlanMergeAsync(third.Workspace.Id, 3, RunToken))!;

        Assert.Equal([shared.Below[0], shared.Id], plan.Below);
        Assert.Equal([second.Id, third.Id], plan.Merged);
        Assert.Equal(2, plan.DiskGb);
    }

    [Theory, EachDatabase]
    public async Task PlanMergeAsync_LongChainOfAFork_CopiesWhatItSharesOnlyWhenItIsTwiceTooLong(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var first = await RunAsync(database, ada, "b");
        var second = await RunAsync(database, ada, "b");
        var (_, fork) = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "f", Base = "b" });
        await WorkspaceClaimTests.EndAsync(database, fork);
        var own = await RunAsync(database, ada, "f");

        Assert.Null(await database.Layers.PlanMergeAsync(own.Workspace.Id, 3, RunToken));
        var plan = (await database.Layers.PlanMergeAsync(own.Workspace.Id, 1, RunToken))!;

        Assert.Equal([first.Below[0]], plan.Below);
        Assert.Equal([first.Id, second.Id, own.Id], plan.Merged);
    }

    [Theory, EachDatabase]
    public async Task ReplaceAsync_MergedLayers_GoWhereNobodyElseNeedsThem(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var first = await RunAsync(database, ada, "w");
        var second = await RunAsync(database, ada, "w");
        var plan = (await database.Layers.PlanMergeAsync(second.Workspace.Id, 2, RunToken))!;
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "w" });
        var open = (await database.Layers.OpenAsync(ada, "w", 2, RunToken))!;
        var into = Guid.CreateVersion7();

        var unneeded = await database.Layers.ReplaceAsync(plan, into, 7, RunToken);

        Assert.Equal([second.Id, first.Id], unneeded);
        Assert.Equal([first.Below[0], into], (await database.Workspaces.ReadAsync(ada, "w", RunToken))!.Layers);
        await database.Layers.SealAsync(open.Workspace.Id, open.Id, 1, RunToken);
        var read = (await database.Workspaces.ReadAsync(ada, "w", RunToken))!;
        Assert.Equal([first.Below[0], into, open.Id], read.Layers);
        Assert.Equal(8, read.Workspace.Bytes);
    }

    [Theory, EachDatabase]
    public async Task ReplaceAsync_OfADeletedWorkspace_LeavesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        _ = await RunAsync(database, ada, "w");
        var second = await RunAsync(database, ada, "w");
        var plan = (await database.Layers.PlanMergeAsync(second.Workspace.Id, 2, RunToken))!;
        _ = await database.Workspaces.DeleteAsync(ada, "w", RunToken);
        var into = Guid.CreateVersion7();

        Assert.Equal([into], await database.Layers.ReplaceAsync(plan, into, 7, RunToken));

        Assert.Empty(await database.Layers.ListAsync(RunToken));
    }

    [Theory, EachDatabase]
    public async Task DeleteAsync_WithAnActiveJob_DeletesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "w" });

        var deletion = await database.Workspaces.DeleteAsync(ada, "w", RunToken);

        Assert.Equal((true, 1), (deletion.Found, deletion.ActiveJobs));
        Assert.NotNull(await database.Workspaces.FindAsync(ada, "w", RunToken));
        Assert.False((await database.Workspaces.DeleteAsync(await database.AddUserAsync("bob"), "w", RunToken)).Found);
    }

    [Theory, EachDatabase]
    public async Task ListAsync_AUsersWorkspaces_AreByNameWithTheirState(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        _ = await RunAsync(database, ada, "b", bytes: 5);
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "a" });
        _ = await RunAsync(database, await database.AddUserAsync("bob"), "c");

        var list = await database.Workspaces.ListAsync(ada, RunToken);

        Assert.Equal(
            [("a", true, 0L), ("b", false, 5L)],
            list.Select(summary => (summary.Workspace.Name, summary.HasActive, summary.Workspace.Bytes)));
    }

    [Theory, EachDatabase]
    public async Task ListPersistentAsync_SomeNames_AreThoseThatAreKeptInTheStore(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var written = await RunAsync(database, ada, "w", persistent: true);
        _ = await RunAsync(database, ada, "local");
        _ = await RunAsync(database, ada, "other", persistent: true);
        _ = await RunAsync(database, await database.AddUserAsync("bob"), "w", persistent: true);
        var (_, job) = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish(), persistent: true);
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "w" });
        var open = (await database.Layers.OpenAsync(ada, "w", 2, RunToken))!;
        var own = WorkspaceRow.NameOf(job)!;

        var found = await database.Workspaces.ListPersistentAsync(ada, ["w", "local", own, "none"], RunToken);

        Assert.Equal(
            new (string, Guid?, Guid?)[] { ("w", open.Id, written.Id), (own, null, null) }.OrderBy(row => row.Item1, StringComparer.Ordinal),
            found.Select(summary => (summary.Workspace.Name, summary.Workspace.OpenLayerId, summary.BelowOpenId))
                .OrderBy(row => row.Name, StringComparer.Ordinal));
        _ = await database.Layers.StackAsync(open.Workspace.Id, open.Id, RunToken);
        Assert.Equal(open.Id, (await database.Workspaces.ShowAsync(ada, "w", RunToken))!.BelowOpenId);
    }

    [Theory, EachDatabase]
    public async Task ImportAsync_ADisk_IsALocalWorkspaceThatJobsGoOnWith(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var disk = NewDisk(bytes: 7);

        Assert.Null(await database.Workspaces.ImportAsync(ada, "w", disk, database.Time.GetUtcNow(), RunToken));

        var read = (await database.Workspaces.ReadAsync(ada, "w", RunToken))!;
        Assert.Equal([disk.Lowest, disk.Layer], read.Layers);
        Assert.Equal(3, read.DiskGb);
        var row = read.Workspace;
        Assert.Equal(
            ("debian", "sha256:1", 3, 7L, false, 0), (row.Image, row.ImageDigest, row.DiskGb, row.Bytes, row.Persistent, row.JobCount));
        Assert.Equal((database.Time.GetUtcNow(), database.Time.GetUtcNow()), (row.CreatedAt, row.LastUsedAt));
        var run = await RunAsync(database, ada, "w", bytes: 2);
        Assert.Equal([disk.Lowest, disk.Layer], run.Below);
        Assert.Equal(9, (await database.Workspaces.FindAsync(ada, "w", RunToken))!.Bytes);
        Assert.Equal(
            new[] { disk.Lowest, disk.Layer, run.Id }.Order(),
            (await database.Workspaces.DeleteAsync(ada, "w", RunToken)).Layers.Order());
    }

    [Theory, EachDatabase]
    public async Task ImportAsync_OntoANameThatIsTaken_ChangesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var first = await RunAsync(database, ada, "w");

        var refusal = await database.Workspaces.ImportAsync(ada, "w", NewDisk(), database.Time.GetUtcNow(), RunToken);

        Assert.Equal(new WorkspaceRefusal(WorkspaceRefusalKind.Exists, "w", ""), refusal);
        Assert.Equal(
            new[] { first.Below[0], first.Id }.Order(), (await database.Layers.ListAsync(RunToken)).Order());
        Assert.Null(await database.Workspaces.ImportAsync(
            await database.AddUserAsync("bob"), "w", NewDisk(), database.Time.GetUtcNow(), RunToken));
    }

    [Theory, EachDatabase]
    public async Task ImportAsync_OfOneNameAtOnce_MakesOne(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();

        var refusals = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Workspaces.ImportAsync(
            ada, "w", NewDisk(), database.Time.GetUtcNow(), RunToken)));

        Assert.Single(refusals, refusal => refusal is null);
        Assert.Equal(2, (await database.Layers.ListAsync(RunToken)).Count);
    }

    private static ImportedDisk NewDisk(long bytes = 1) =>
        new(Guid.CreateVersion7(), Guid.CreateVersion7(), 3, bytes, "debian", "sha256:1");

    internal static async Task<OpenedLayer> RunAsync(TestDatabase database, Guid user, string name, long bytes = 1, bool persistent = false)
    {
        var (_, job) = await WorkspaceClaimTests.AddAsync(
            database, user, new WorkspaceWish { Name = name }, persistent: persistent);
        var opened = (await database.Layers.OpenAsync(user, name, 2, RunToken))!;
        await database.Layers.SealAsync(opened.Workspace.Id, opened.Id, bytes, RunToken);
        await WorkspaceClaimTests.EndAsync(database, job);
        return opened;
    }
}
