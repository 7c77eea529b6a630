using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests.Jobs;

public sealed class JobUpdateTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task UpdateAsync_Change_IsReturnedAndSeenByAnotherProcess(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = await database.AddJobAsync(await database.AddUserAsync());

        var updated = await database.Jobs.UpdateAsync(
            job.Id,
            row =>
            {
                row.State = JobState.Running;
                row.MachineId = "m-1";
            },
            RunToken);

        var seen = await database.OpenAgain().GetRequiredService<JobStore>().GetAsync(job.Id, RunToken);
        Assert.Equal(JobState.Running, updated?.State);
        Assert.Equal("m-1", seen?.MachineId);
        Assert.Equivalent(updated, seen, strict: true);
    }

    [Theory, EachDatabase]
    public async Task UpdateAsync_HundredAtOnceFromTwoProcesses_LoseNone(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = await database.AddJobAsync(await database.AddUserAsync());
        var other = database.OpenAgain().GetRequiredService<JobStore>();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(number =>
            (number % 2 == 0 ? database.Jobs : other).UpdateAsync(
                job.Id,
                row => row.ScriptDurationMs = (row.ScriptDurationMs ?? 0) + 1,
                RunToken)));

        Assert.Equal(100, (await database.Jobs.GetAsync(job.Id, RunToken))?.ScriptDurationMs);
    }

    [Theory, EachDatabase]
    public async Task UpdateAsync_UnknownId_IsNullAndDoesNotCallBack(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var called = false;

        var updated = await database.Jobs.UpdateAsync(Guid.CreateVersion7(), _ => called = true, RunToken);

        Assert.Null(updated);
        Assert.False(called);
    }

    [Theory, EachDatabase]
    public async Task UpdateAsync_ChangeThrows_ReachesTheCallerAndWritesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var job = await database.AddJobAsync(await database.AddUserAsync());

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => database.Jobs.UpdateAsync(
            job.Id,
            row =>
            {
                row.State = JobState.Error;
                throw new InvalidOperationException("not from here");
            },
            RunToken));

        Assert.Equal("not from here", thrown.Message);
        Assert.Equal(JobState.Pending, (await database.Jobs.GetAsync(job.Id, RunToken))?.State);
        Assert.NotNull(await database.Jobs.UpdateAsync(job.Id, row => row.State = JobState.Running, RunToken));
    }
}
