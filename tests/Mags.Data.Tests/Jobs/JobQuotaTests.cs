using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;

namespace Mags.Data.Tests.Jobs;

/// <summary>What a user's unfinished jobs may take in all.</summary>
public sealed class JobQuotaTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task AddAsync_UnfinishedJobsReachTheLimit_AddsNothingAndSaysWhich(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(ada, state: JobState.Pending);
        await database.AddJobAsync(ada, state: JobState.Running);
        await database.AddJobAsync(ada, state: JobState.Sleeping);

        Assert.Equal(
            new JobQuotaExcess(JobQuotaKind.Jobs, 3, 3), await AddAsync(database, ada, new JobQuota(3, null, null)));
        Assert.Equal(
            new JobQuotaExcess(JobQuotaKind.Vcpus, 3, 3), await AddAsync(database, ada, new JobQuota(4, 3, null)));
        Assert.Equal(
            new JobQuotaExcess(JobQuotaKind.MemoryMib, 1000, 768), await AddAsync(database, ada, new JobQuota(4, 4, 1000)));
        Assert.Equal(3, (await database.Jobs.ListAsync(ada, 1, 20, RunToken)).Total);
        Assert.Null(await AddAsync(database, ada, new JobQuota(4, 4, 1024)));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_OtherUsersAndEndedJobs_DoNotCount(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(await database.AddUserAsync("bob"));
        await database.AddJobAsync(ada, state: JobState.Completed);
        await database.AddJobAsync(ada, state: JobState.Error);

        Assert.Null(await AddAsync(database, ada, new JobQuota(1, 1, 256)));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_ManyAtOnce_NeverPassTheLimit(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();

        var added = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => AddAsync(database, ada, new JobQuota(10, null, null))));

        Assert.Equal(10, added.Count(excess => excess is null));
        Assert.Equal(10, (await database.Jobs.ListAsync(ada, 1, 20, RunToken)).Total);
    }

    private static Task<JobRefusal?> AddAsync(TestDatabase database, Guid user, JobQuota quota)
    {
        var job = database.NewJob(user);
        return database.Jobs.AddAsync(job, TestDatabase.NewInput(job), quota, RunToken);
    }
}
