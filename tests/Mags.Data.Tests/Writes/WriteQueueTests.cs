using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests.Writes;

/// <summary>The queue on SQLite. A first write that waits for the test makes the following ones one batch.</summary>
public sealed class WriteQueueTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteAsync_WhatWaits_IsOneTransaction()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(DataOptions.Sqlite, postgres);
        using var spy = database.Spy();
        await database.Migrator.MigrateAsync(RunToken);
        var ada = await database.AddUserAsync();
        var before = spy.Commits;
        var (gate, first) = await HoldAsync(database);
        var jobs = Enumerable.Range(0, 50).Select(_ => database.NewJob(ada)).ToList();
        var adds = jobs.ConvertAll(job => AddAsync(database, job));

        Assert.Equal(before, spy.Commits);
        gate.SetResult();
        await Task.WhenAll(adds.Append(first));

        Assert.Equal(before + 2, spy.Commits);
        Assert.Equal(50, (await database.Jobs.ListAsync(ada, 1, 1, RunToken)).Total);
    }

    [Fact]
    public async Task WriteAsync_OneOfABatchFails_OthersAreWritten()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        var (gate, first) = await HoldAsync(database);
        var before = database.NewJob(ada);
        var orphan = database.NewJob(Guid.CreateVersion7());
        var after = database.NewJob(ada);
        var one = AddAsync(database, before);
        var two = AddAsync(database, orphan);
        var three = AddAsync(database, before);
        var four = AddAsync(database, after);

        gate.SetResult();
        await first;
        await one;
        await four;

        Assert.Equal(DatabaseFault.Conflict, (await Assert.ThrowsAsync<DatabaseException>(() => two)).Reason);
        Assert.Equal(DatabaseFault.Conflict, (await Assert.ThrowsAsync<DatabaseException>(() => three)).Reason);
        var listed = await database.Jobs.ListAsync(ada, 1, 10, RunToken);
        Assert.Equal([after.Id, before.Id], listed.Jobs.Select(job => job.Id));
    }

    [Fact]
    public async Task WriteAsync_FailsByWhatAnotherOfItsBatchWrote_IsToldWhenThatCanBeRead()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var job = database.NewJob(await database.AddUserAsync());
        var (gate, first) = await HoldAsync(database);
        var one = AddAsync(database, job);
        var two = AddAsync(database, job);
        var holding = HoldAsync(database);

        gate.SetResult();
        var (lastGate, last) = await holding;
        Assert.False(two.IsCompleted);
        lastGate.SetResult();

        Assert.Equal(DatabaseFault.Conflict, (await Assert.ThrowsAsync<DatabaseException>(() => two)).Reason);
        Assert.NotNull(await database.Jobs.GetAsync(job.Id, RunToken));
        await Task.WhenAll(first, one, last);
    }

    [Fact]
    public async Task WriteAsync_HalfDoneWriteFails_LeavesNothingOfIt()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        var job = database.NewJob(ada);

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.Database.WriteAsync<int>(
            async db =>
            {
                db.Add(job);
                await db.SaveChangesAsync(RunToken);
                throw new InvalidOperationException("changed my mind");
            },
            RunToken));

        Assert.Null(await database.Jobs.GetAsync(job.Id, RunToken));
        await AddAsync(database, job);
    }

    [Fact]
    public async Task WriteAsync_CommitFails_FailsTheWholeBatchAndNotTheNext()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        var (gate, first) = await HoldAsync(database);
        var good = database.NewJob(ada);
        var one = AddAsync(database, good);
        var two = database.Database.WriteAsync(
            async db =>
            {
                // The rule is then checked at the commit only.
                await db.Database.ExecuteSqlAsync($"PRAGMA defer_foreign_keys = ON", RunToken);
                db.Add(database.NewJob(Guid.CreateVersion7()));
                return await db.SaveChangesAsync(RunToken);
            },
            RunToken);

        gate.SetResult();
        await first;

        Assert.Equal(DatabaseFault.Conflict, (await Assert.ThrowsAsync<DatabaseException>(() => one)).Reason);
        Assert.Equal(DatabaseFault.Conflict, (await Assert.ThrowsAsync<DatabaseException>(() => two)).Reason);
        Assert.Null(await database.Jobs.GetAsync(good.Id, RunToken));
        await AddAsync(database, good);
        Assert.NotNull(await database.Jobs.GetAsync(good.Id, RunToken));
    }

    [Fact]
    public async Task WriteAsync_EngineUndoesTheTransaction_TellsNobodyThatItIsDurable()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        var (gate, first) = await HoldAsync(database);
        var good = database.NewJob(ada);
        var one = AddAsync(database, good);
        var two = database.Database.WriteAsync<int>(
            async db =>
            {
                // As SQLite does by itself on some faults.
                await db.Database.ExecuteSqlAsync($"ROLLBACK", RunToken);
                throw new InvalidOperationException("lost");
            },
            RunToken);

        gate.SetResult();
        await first;

        Assert.Equal(DatabaseFault.Engine, (await Assert.ThrowsAsync<DatabaseException>(() => one)).Reason);
        Assert.Equal("lost", (await Assert.ThrowsAsync<InvalidOperationException>(() => two)).Message);
        Assert.Null(await database.Jobs.GetAsync(good.Id, RunToken));
        await AddAsync(database, good);
        Assert.NotNull(await database.Jobs.GetAsync(good.Id, RunToken));
    }

    [Fact]
    public async Task WriteAsync_CancelledWhileWaiting_IsTakenBack()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        var (gate, first) = await HoldAsync(database);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(RunToken);
        var job = database.NewJob(ada);
        var add = database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, cancel.Token);

        await cancel.CancelAsync();

        // Told at once, while the queue is still held.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => add);
        gate.SetResult();
        await first;
        await database.AddJobAsync(ada);
        Assert.Null(await database.Jobs.GetAsync(job.Id, RunToken));
    }

    [Fact]
    public async Task WriteAsync_CancelledAfterItBegan_IsToldAsItWent()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(RunToken);
        var job = database.NewJob(ada);
        await database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, RunToken);

        var updated = await database.Jobs.UpdateAsync(
            job.Id,
            row =>
            {
                cancel.Cancel();
                row.State = JobState.Running;
            },
            cancel.Token);

        Assert.Equal(JobState.Running, updated?.State);
        Assert.Equal(JobState.Running, (await database.Jobs.GetAsync(job.Id, RunToken))?.State);
    }

    [Fact]
    public async Task DisposeAsync_WritesWait_CarriesThemOutAndTakesNoMore()
    {
        await using var database = await TestDatabase.CreateAsync(DataOptions.Sqlite, postgres);
        var ada = await database.AddUserAsync();
        var (gate, first) = await HoldAsync(database);
        var adds = Enumerable.Range(0, 300).Select(_ => AddAsync(database, database.NewJob(ada))).ToList();

        var closing = database.Database.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AddAsync(database, database.NewJob(ada)));
        gate.SetResult();
        await closing;

        await Task.WhenAll(adds.Append(first));
        var again = database.OpenAgain().GetRequiredService<JobStore>();
        Assert.Equal(300, (await again.ListAsync(ada, 1, 1, RunToken)).Total);
    }

    private static Task<JobRefusal?> AddAsync(TestDatabase database, JobRow job) =>
        database.Jobs.AddAsync(job, TestDatabase.NewInput(job), JobQuota.None, RunToken);

    /// <summary>A write that has begun and ends when the gate opens.</summary>
    private static async Task<(TaskCompletionSource Gate, Task First)> HoldAsync(TestDatabase database)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = database.Database.WriteAsync(
            async _ =>
            {
                begun.SetResult();
                await gate.Task;
                return 0;
            },
            RunToken);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30), RunToken);
        return (gate, first);
    }
}
