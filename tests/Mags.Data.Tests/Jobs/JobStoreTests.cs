using System.Text;
using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests.Jobs;

public sealed class JobStoreTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task AddAsync_Returned_IsSeenByAnotherProcess(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = await database.AddJobAsync(await database.AddUserAsync());

        var seen = await database.OpenAgain().GetRequiredService<JobStore>().GetAsync(job.Id, RunToken);

        Assert.Equivalent(job, seen, strict: true);
    }

    [Theory, EachDatabase]
    public async Task AddAsync_EveryField_ComesBackAsWritten(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = database.NewJob(await database.AddUserAsync(), "näme", JobState.Sleeping, "w.1");
        job.Accelerator = "tcg";
        job.TimeoutSeconds = 30;
        job.Persistent = true;
        job.NoSleep = true;
        job.StartupCommand = "serve --port 8080";
        job.MachineId = "m-1";
        job.StopRequested = true;
        job.ExitCode = 137;
        job.ScriptDurationMs = 5_000_000_000;
        job.StartedAt = job.CreatedAt.AddMicroseconds(1);
        job.CompletedAt = new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.FromHours(2));
        job.Error = "It's \"over\"\n";

        await database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, RunToken);

        var read = await database.Jobs.GetAsync(job.Id, RunToken);
        Assert.Equivalent(job, read, strict: true);
        Assert.Equal(TimeSpan.Zero, read!.CompletedAt!.Value.Offset);
        Assert.Equal(job.CompletedAt, read.CompletedAt);
        Assert.Equal(job.StartedAt, read.StartedAt);
    }

    [Theory, EachDatabase]
    public async Task AddAsync_LargeScript_InputComesBackAsWritten(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = database.NewJob(await database.AddUserAsync());
        var script = Encoding.UTF8.GetBytes(new string('x', 1024 * 1024));
        var input = new JobInputRow { JobId = job.Id, Script = script, EnvironmentJson = """{"A":"ü"}""" };

        await database.Jobs.AddAsync(job, input, JobQuota.None, RunToken);

        var read = await database.Jobs.GetInputAsync(job.Id, RunToken);
        Assert.Equal(script, read!.Script);
        Assert.Equal("""{"A":"ü"}""", read.EnvironmentJson);
    }

    [Theory, EachDatabase]
    public async Task AddAsync_UnknownUser_IsAConflictAndWritesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = database.NewJob(Guid.CreateVersion7());

        var fault = await Assert.ThrowsAsync<DatabaseException>(
            () => database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, RunToken));

        Assert.Equal(DatabaseFault.Conflict, fault.Reason);
        Assert.Null(await database.Jobs.GetAsync(job.Id, RunToken));
        Assert.Null(await database.Jobs.GetInputAsync(job.Id, RunToken));
    }

    [Theory, EachDatabase]
    public async Task AddAsync_CancelledBefore_WritesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = database.NewJob(await database.AddUserAsync());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, new CancellationToken(canceled: true)));

        Assert.Null(await database.Jobs.GetAsync(job.Id, RunToken));
    }

    [Theory, EachDatabase]
    public async Task GetAsync_UnknownId_IsNull(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);

        Assert.Null(await database.Jobs.GetAsync(Guid.CreateVersion7(), RunToken));
        Assert.Null(await database.Jobs.GetInputAsync(Guid.CreateVersion7(), RunToken));
    }

    [Theory, EachDatabase]
    public async Task ListAsync_Pages_NewestFirstAndOnlyTheUsers(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var bob = await database.AddUserAsync("bob");
        var one = await database.AddJobAsync(ada);
        var two = await database.AddJobAsync(ada);
        await database.AddJobAsync(bob);
        var three = await database.AddJobAsync(ada);

        var first = await database.Jobs.ListAsync(ada, page: 1, pageSize: 2, RunToken);
        var second = await database.Jobs.ListAsync(ada, page: 2, pageSize: 2, RunToken);

        Assert.Equal([three.Id, two.Id], first.Jobs.Select(job => job.Id));
        Assert.Equal([one.Id], second.Jobs.Select(job => job.Id));
        Assert.Equal(3, first.Total);
        Assert.Equal(3, second.Total);
    }

    [Theory, EachDatabase]
    public async Task ListAsync_EqualTimes_OrderIsByIdAndPagesDoNotOverlap(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var jobs = Enumerable.Range(0, 5).Select(_ => database.NewJob(ada)).ToList();
        foreach (var job in jobs)
        {
            job.CreatedAt = jobs[0].CreatedAt;
            await database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, RunToken);
        }

        var listed = new List<Guid>();
        for (var page = 1; page <= 3; page++)
        {
            listed.AddRange((await database.Jobs.ListAsync(ada, page, 2, RunToken)).Jobs.Select(job => job.Id));
        }

        Assert.Equal(jobs.Select(job => job.Id).Reverse(), listed);
    }

    [Theory, EachDatabase]
    public async Task ListAsync_PastTheEnd_IsEmptyWithTheTotal(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        await database.AddJobAsync(ada);

        foreach (var page in new[] { 2, int.MaxValue })
        {
            var past = await database.Jobs.ListAsync(ada, page, pageSize: 100, RunToken);

            Assert.Empty(past.Jobs);
            Assert.Equal(1, past.Total);
        }
    }

    [Theory, EachDatabase]
    public async Task ListUnfinishedAsync_AllStates_GivesTheUnfinishedOldestFirst(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var bob = await database.AddUserAsync("bob");
        var running = await database.AddJobAsync(ada, state: JobState.Running);
        await database.AddJobAsync(ada, state: JobState.Completed);
        var pending = await database.AddJobAsync(bob, state: JobState.Pending);
        await database.AddJobAsync(ada, state: JobState.Error);
        var sleeping = await database.AddJobAsync(ada, state: JobState.Sleeping);

        var unfinished = await database.Jobs.ListUnfinishedAsync(RunToken);

        Assert.Equal([running.Id, pending.Id, sleeping.Id], unfinished);
    }
}
