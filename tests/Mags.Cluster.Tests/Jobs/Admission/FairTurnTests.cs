using Mags.Cluster.Jobs;
using static Mags.Cluster.Tests.Jobs.Admission.AdmissionFixture;

namespace Mags.Cluster.Tests.Jobs.Admission;

/// <summary>Who is next when there is one place.</summary>
public sealed class FairTurnTests
{
    private static readonly JobOptions _onePlace = new() { MaxRunning = 1 };

    [Fact]
    public async Task Jobs_OfOneUser_RunInTheOrderOfTheirAcceptance()
    {
        await using var node = new AdmissionFixture(_onePlace);
        var running = node.Queue(Ada);
        var jobs = Enumerable.Range(0, 5).Select(_ => node.NewJob(Ada)).ToList();

        // They come to the queue in another order than they were accepted in.
        foreach (var job in jobs.AsEnumerable().Reverse())
        {
            node.Queue(job);
        }

        Assert.Equal(jobs.Select(job => job.Id), node.RunAllInTurn(running).Select(ticket => ticket.JobId));
    }

    [Fact]
    public async Task Users_OneWithManyJobs_TakeTurns()
    {
        await using var node = new AdmissionFixture(_onePlace);
        var running = node.Queue(Ada);
        var ada = Enumerable.Range(0, 5).Select(_ => node.Queue(Ada)).ToList();
        var bob = Enumerable.Range(0, 2).Select(_ => node.Queue(Bob)).ToList();
        var cyd = node.Queue(Cyd);

        Assert.Equal([ada[0], bob[0], cyd, ada[1], bob[1], ada[2], ada[3], ada[4]], node.RunAllInTurn(running));
    }

    [Fact]
    public async Task User_WhoseFirstJobIsStopped_KeepsItsTurn()
    {
        await using var node = new AdmissionFixture(_onePlace);
        var running = node.Queue(Ada);
        using var stop = new CancellationTokenSource();
        var stopped = node.Queue(Bob, stop: stop);
        var ada = node.Queue(Ada);
        var bob = node.Queue(Bob);

        await stop.CancelAsync();

        Assert.True(stopped.Admitted.IsCanceled);
        Assert.Equal([bob, ada], node.RunAllInTurn(running));
    }

    [Fact]
    public async Task Open_AfterJobsCameInAnyOrder_BeginsWithTheOldest()
    {
        await using var node = new AdmissionFixture(_onePlace, open: false);
        var jobs = new[] { Ada, Ada, Bob, Bob }.Select(user => node.NewJob(user)).ToList();
        var tickets = Enumerable.Reverse(jobs).Select(job => node.Queue(job)).ToList();
        Assert.DoesNotContain(tickets, ticket => ticket.Admitted.IsCompleted);

        node.Admission.Open();

        var first = Assert.Single(tickets, ticket => ticket.Admitted.IsCompleted);
        Assert.Equal(jobs[0].Id, first.JobId);
        Assert.Equal(
            [jobs[2].Id, jobs[1].Id, jobs[3].Id], node.RunAllInTurn(first).Select(ticket => ticket.JobId));
    }
}
