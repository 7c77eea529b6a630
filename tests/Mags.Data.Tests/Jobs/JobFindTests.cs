using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;

namespace Mags.Data.Tests.Jobs;

public sealed class JobFindTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task FindAsync_RequestId_GivesThatJobWhateverItsState(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var ended = await database.AddJobAsync(ada, "a", JobState.Completed);
        await database.AddJobAsync(ada, "a", JobState.Running);

        Assert.Equal(ended.Id, (await database.Jobs.FindAsync(ada, ended.Id.ToString(), RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_AnotherUsersJob_IsNullByIdNameAndWorkspace(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var bob = await database.AddUserAsync("bob");
        var job = await database.AddJobAsync(ada, "a", JobState.Running, "w");

        Assert.Null(await database.Jobs.FindAsync(bob, job.Id.ToString(), RunToken));
        Assert.Null(await database.Jobs.FindAsync(bob, "a", RunToken));
        Assert.Null(await database.Jobs.FindAsync(bob, "w", RunToken));
    }

    [Theory, EachDatabase]
    public async Task FindAsync_NameThatIsAnIdOfAnother_GivesTheOwnJobOfThatName(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var bob = await database.AddUserAsync("bob");
        var name = (await database.AddJobAsync(ada)).Id.ToString();
        var named = await database.AddJobAsync(bob, name);

        Assert.Equal(named.Id, (await database.Jobs.FindAsync(bob, name, RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_IdThatIsAlsoAName_GivesTheJobOfTheId(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var job = await database.AddJobAsync(ada, "a", JobState.Error);
        await database.AddJobAsync(ada, job.Id.ToString(), JobState.Running);

        Assert.Equal(job.Id, (await database.Jobs.FindAsync(ada, job.Id.ToString(), RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_JobThatGoesFromStateToState_IsThereThroughout(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var job = await database.AddJobAsync(ada, "a", JobState.Pending, "w");
        var changes = Task.Run(
            async () =>
            {
                for (var i = 0; i < 200; i++)
                {
                    await database.Jobs.UpdateAsync(
                        job.Id, row => row.State = i % 2 == 0 ? JobState.Running : JobState.Pending, RunToken);
                }
            },
            RunToken);

        while (!changes.IsCompleted)
        {
            Assert.Equal(job.Id, (await database.Jobs.FindAsync(ada, "a", RunToken))?.Id);
            Assert.Equal(job.Id, (await database.Jobs.FindAsync(ada, "w", RunToken))?.Id);
        }

        await changes;
    }

    [Theory, EachDatabase]
    public async Task FindAsync_OlderActiveJob_ComesBeforeNewerEndedOnes(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        foreach (var state in new[] { JobState.Running, JobState.Sleeping })
        {
            var name = state.ToString();
            var active = await database.AddJobAsync(ada, name, state, "w-" + name);
            await database.AddJobAsync(ada, name, JobState.Completed, "w-" + name);
            await database.AddJobAsync(ada, name, JobState.Error, "w-" + name);

            Assert.Equal(active.Id, (await database.Jobs.FindAsync(ada, name, RunToken))?.Id);
            Assert.Equal(active.Id, (await database.Jobs.FindAsync(ada, "w-" + name, RunToken))?.Id);
        }
    }

    [Theory, EachDatabase]
    public async Task FindAsync_SeveralActive_GivesTheNewest(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(ada, "a", JobState.Running);
        var newest = await database.AddJobAsync(ada, "a", JobState.Sleeping);

        Assert.Equal(newest.Id, (await database.Jobs.FindAsync(ada, "a", RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_OneThatWaits_IsNotActiveAndComesByItsAge(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var running = await database.AddJobAsync(ada, "a", JobState.Running, "w");
        await database.AddJobAsync(ada, "a", JobState.Pending);
        await database.AddJobAsync(ada, "w", JobState.Pending);
        await database.AddJobAsync(ada, "b", JobState.Pending);
        var ended = await database.AddJobAsync(ada, "b", JobState.Completed);
        await database.AddJobAsync(ada, "c", JobState.Completed);
        var waiting = await database.AddJobAsync(ada, "c", JobState.Pending);

        Assert.Equal(running.Id, (await database.Jobs.FindAsync(ada, "a", RunToken))?.Id);
        Assert.Equal(running.Id, (await database.Jobs.FindAsync(ada, "w", RunToken))?.Id);
        Assert.Equal(ended.Id, (await database.Jobs.FindAsync(ada, "b", RunToken))?.Id);
        Assert.Equal(waiting.Id, (await database.Jobs.FindAsync(ada, "c", RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_OnlyEnded_GivesTheNewestOfNameAndWorkspace(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(ada, "x", JobState.Completed);
        var byWorkspace = await database.AddJobAsync(ada, "other", JobState.Error, "x");

        Assert.Equal(byWorkspace.Id, (await database.Jobs.FindAsync(ada, "x", RunToken))?.Id);

        var byName = await database.AddJobAsync(ada, "x", JobState.Completed);

        Assert.Equal(byName.Id, (await database.Jobs.FindAsync(ada, "x", RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_ActiveInWorkspace_ComesBeforeNewerEndedOfThatName(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var active = await database.AddJobAsync(ada, "other", JobState.Sleeping, "x");
        await database.AddJobAsync(ada, "x", JobState.Completed);

        Assert.Equal(active.Id, (await database.Jobs.FindAsync(ada, "x", RunToken))?.Id);
    }

    [Theory, EachDatabase]
    public async Task FindAsync_UnknownOrOtherCase_IsNull(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(ada, "a");

        Assert.Null(await database.Jobs.FindAsync(ada, "A", RunToken));
        Assert.Null(await database.Jobs.FindAsync(ada, "", RunToken));
        Assert.Null(await database.Jobs.FindAsync(ada, Guid.CreateVersion7().ToString(), RunToken));
    }
}
