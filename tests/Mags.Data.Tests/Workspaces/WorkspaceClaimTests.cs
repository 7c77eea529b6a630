using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;
using Mags.Data.Workspaces;

namespace Mags.Data.Tests.Workspaces;

/// <summary>Which job gets which workspace.</summary>
public sealed class WorkspaceClaimTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task AddAsync_NewWorkspace_IsMadeAsTheJobWantsIt(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();

        var (refusal, job) = await AddAsync(database, ada, new WorkspaceWish { Name = "w", DiskGb = 5 }, diskGb: 5);

        Assert.Null(refusal);
        Assert.Equal(("w", 5), ((await database.Jobs.GetAsync(job.Id, RunToken))!.WorkspaceId, job.DiskGb));
        var made = await database.Workspaces.FindAsync(ada, "w", RunToken);
        Assert.Equal(("debian", 5, 1), (made!.Image, made.DiskGb, made.JobCount));
        Assert.Null(await database.Workspaces.FindAsync(await database.AddUserAsync("bob"), "w", RunToken));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_WorkspaceOfAnActiveJob_IsRefusedAndNamesIt(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (_, first) = await AddAsync(database, ada, new WorkspaceWish { Name = "w" });

        var (refusal, _) = await AddAsync(database, ada, new WorkspaceWish { Name = "w" });

        Assert.Equal(new WorkspaceRefusal(WorkspaceRefusalKind.Busy, "w", first.Name), refusal);
        Assert.Equal(1, (await database.Jobs.ListAsync(ada, 1, 1, RunToken)).Total);
        await EndAsync(database, first);
        Assert.Null((await AddAsync(database, ada, new WorkspaceWish { Name = "w" })).Refusal);
    }

    [Theory, EachDatabase]
    public async Task AddAsync_ManyAtOnceForOneWorkspace_OneGetsIt(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();

        var added = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => AddAsync(database, ada, new WorkspaceWish { Name = "w" })));

        Assert.Single(added, answer => answer.Refusal is null);
        Assert.All(added.Where(answer => answer.Refusal is not null), answer =>
            Assert.Equal(WorkspaceRefusalKind.Busy, ((WorkspaceRefusal)answer.Refusal!).Kind));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_BaseThatIsNotThere_IsRefused(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        _ = await AddAsync(database, await database.AddUserAsync("bob"), new WorkspaceWish { Name = "bobs" });

        foreach (var wish in new[] { new WorkspaceWish { Base = "bobs" }, new WorkspaceWish { Base = "bobs", Name = "w" } })
        {
            var (refusal, _) = await AddAsync(database, ada, wish);
            Assert.Equal(new WorkspaceRefusal(WorkspaceRefusalKind.NoBase, "bobs", ""), refusal);
        }

        Assert.Null(await database.Workspaces.FindAsync(ada, "w", RunToken));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_ReadersOfABase_AreAnyNumberAlsoWhileItIsInUse(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        _ = await AddAsync(database, ada, new WorkspaceWish { Name = "w", DiskGb = 7 }, diskGb: 7);

        var (first, job) = await AddAsync(database, ada, new WorkspaceWish { Base = "w" });
        var (second, _) = await AddAsync(database, ada, new WorkspaceWish { Base = "w" });

        Assert.Equal((null, null), (first, second));
        Assert.Equal((null, "w", 7), (job.WorkspaceId, job.BaseWorkspaceId, job.DiskGb));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_Fork_StartsWhereItsBaseIsAndHasItsSizeAndImage(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (_, first) = await AddAsync(database, ada, new WorkspaceWish { Name = "b", DiskGb = 7 }, diskGb: 7);
        var opened = (await database.Layers.OpenAsync(ada, "b", 2, RunToken))!;
        await database.Workspaces.SetImageAsync(opened.Workspace.Id, "sha256:1", RunToken);
        await database.Layers.SealAsync(opened.Workspace.Id, opened.Id, 1234, RunToken);
        await EndAsync(database, first);

        var (_, job) = await AddAsync(database, ada, new WorkspaceWish { Name = "f", Base = "b" });

        Assert.Equal(7, job.DiskGb);
        var fork = (await database.Workspaces.FindAsync(ada, "f", RunToken))!;
        Assert.Equal(
            ("sha256:1", 7, "b", opened.Id, 1234), (fork.ImageDigest, fork.DiskGb, fork.BaseWorkspaceId, fork.TopLayerId, fork.Bytes));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_ExistingWorkspaceWithABase_GoesOnFromItself(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (_, first) = await AddAsync(database, ada, new WorkspaceWish { Name = "w" });
        await EndAsync(database, first);

        var (refusal, _) = await AddAsync(database, ada, new WorkspaceWish { Name = "w", Base = "no-such" });

        Assert.Null(refusal);
        Assert.Null((await database.Workspaces.FindAsync(ada, "w", RunToken))!.BaseWorkspaceId);
    }

    [Theory, EachDatabase]
    public async Task AddAsync_AnotherImageOrASmallerDisk_IsRefusedAndALargerGrows(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (_, first) = await AddAsync(database, ada, new WorkspaceWish { Name = "w", DiskGb = 4 }, diskGb: 4);
        await EndAsync(database, first);

        Assert.Equal(
            new WorkspaceRefusal(WorkspaceRefusalKind.OtherImage, "w", "debian", "alpine"),
            (await AddAsync(database, ada, new WorkspaceWish { Name = "w", Image = "alpine" })).Refusal);
        Assert.Equal(
            new WorkspaceRefusal(WorkspaceRefusalKind.Larger, "w", "4"),
            (await AddAsync(database, ada, new WorkspaceWish { Name = "w", DiskGb = 3 })).Refusal);
        Assert.Equal(
            new WorkspaceRefusal(WorkspaceRefusalKind.Larger, "w", "4"),
            (await AddAsync(database, ada, new WorkspaceWish { Name = "f", Base = "w", DiskGb = 3 })).Refusal);
        var (refusal, job) = await AddAsync(database, ada, new WorkspaceWish { Name = "w", Image = "debian", DiskGb = 9 });
        Assert.Equal((null, 9), (refusal, job.DiskGb));
        Assert.Equal(9, (await database.Workspaces.FindAsync(ada, "w", RunToken))!.DiskGb);
    }

    [Theory, EachDatabase]
    public async Task AddAsync_PersistentJobWithoutAWorkspace_GetsADiskOfItsOwnThatListsDoNotShow(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (_, first) = await AddAsync(database, ada, new WorkspaceWish { Name = "b" });
        await EndAsync(database, first);

        var (_, job) = await AddAsync(database, ada, new WorkspaceWish { Base = "b" }, persistent: true);

        var own = (await database.Workspaces.FindAsync(ada, WorkspaceRow.NameOf(job)!, RunToken))!;
        Assert.Equal((job.Id, "b", true), (own.OwnerJobId, own.BaseWorkspaceId, own.Persistent));
        Assert.Null(job.WorkspaceId);
        Assert.Equal(["b"], (await database.Workspaces.ListAsync(ada, RunToken)).Select(row => row.Workspace.Name));
        Assert.Empty(await database.Workspaces.DeleteOwnedAsync(null, RunToken));
        await EndAsync(database, job);
        _ = await database.Workspaces.DeleteOwnedAsync(job.Id, RunToken);
        Assert.Null(await database.Workspaces.FindAsync(ada, WorkspaceRow.NameOf(job)!, RunToken));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_PersistentJob_MakesItsWorkspacePersistentForGoodUnlessItIsNotSynced(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var wish = new WorkspaceWish { Name = "w" };

        await EndAsync(database, (await AddAsync(database, ada, wish, persistent: true, noSync: true)).Job);
        Assert.False((await database.Workspaces.FindAsync(ada, "w", RunToken))!.Persistent);

        await EndAsync(database, (await AddAsync(database, ada, wish, persistent: true)).Job);
        await EndAsync(database, (await AddAsync(database, ada, wish)).Job);
        Assert.True((await database.Workspaces.FindAsync(ada, "w", RunToken))!.Persistent);
    }

    internal static async Task<(JobRefusal? Refusal, JobRow Job)> AddAsync(
        TestDatabase database, Guid user, WorkspaceWish wish, int diskGb = 2, bool persistent = false, bool noSync = false)
    {
        var job = database.NewJob(user, $"job-{Guid.NewGuid():N}");
        (job.DiskGb, job.Persistent, job.NoSync) = (diskGb, persistent, noSync);
        return (await database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, wish, RunToken), job);
    }

    internal static Task EndAsync(TestDatabase database, JobRow job) =>
        database.Jobs.UpdateAsync(job.Id, row => row.State = JobState.Completed, RunToken);
}
