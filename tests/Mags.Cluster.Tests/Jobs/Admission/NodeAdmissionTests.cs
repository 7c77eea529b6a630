using Mags.Cluster.Jobs;
using Mags.Cluster.Tests.Fakes;
using static Mags.Cluster.Tests.Jobs.Admission.AdmissionFixture;

namespace Mags.Cluster.Tests.Jobs.Admission;

/// <summary>When a waiting job may run.</summary>
public sealed class NodeAdmissionTests
{
    private static readonly TimeSpan _secondLook = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Job_NodeHasTwentyFourGib_AHundredOfDefaultSizeRunAtOnce()
    {
        await using var node = new AdmissionFixture();

        var hundred = Enumerable.Range(0, 100).Select(_ => node.Queue(Ada)).ToList();
        var next = node.Queue(Ada);

        Assert.All(hundred, ticket => Assert.True(ticket.Admitted.IsCompletedSuccessfully));
        Assert.False(next.Admitted.IsCompleted);
    }

    [Fact]
    public async Task Job_AllPlacesTaken_RunsAsSoonAsOneEnds()
    {
        await using var node = new AdmissionFixture(new JobOptions { MaxRunning = 2 });
        var running = node.Run(Ada, 2);
        var waiting = node.Queue(Bob);
        Assert.False(waiting.Admitted.IsCompleted);

        running[0].Dispose();

        Assert.True(waiting.Admitted.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Job_NodeHasPromisedItsMemory_WaitsUntilEnoughIsGivenBack()
    {
        await using var node = new AdmissionFixture(new JobOptions { MemoryOvercommit = 1, MachineOverheadMib = 0 });
        node.Memory.TotalMib = 4096;
        var running = node.Run(Ada, 3);
        var waiting = node.Queue(Bob, 2048);
        Assert.False(waiting.Admitted.IsCompleted);

        running[0].Dispose();

        Assert.True(waiting.Admitted.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Job_StoppedTwice_GivesItsPlaceBackOnce()
    {
        await using var node = new AdmissionFixture(new JobOptions { MaxRunning = 1 });
        var running = node.Run(Ada, 1)[0];

        running.Dispose();
        running.Dispose();

        Assert.True(node.Queue(Ada).Admitted.IsCompletedSuccessfully);
        Assert.False(node.Queue(Ada).Admitted.IsCompleted);
    }

    [Fact]
    public async Task BigJob_AtItsTurn_IsNotOvertakenForAsLongAsItHoldsBack()
    {
        await using var node = new AdmissionFixture(
            new JobOptions { MemoryOvercommit = 1, MachineOverheadMib = 0, HoldBackSeconds = 60 });
        node.Memory.TotalMib = 4096;
        var running = node.Run(Ada, 3);
        var big = node.Queue(Ada, 4096);
        var small = node.Queue(Bob);

        node.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(small.Admitted.IsCompleted);
        running.ForEach(ticket => ticket.Dispose());

        Assert.True(big.Admitted.IsCompletedSuccessfully);
        Assert.False(small.Admitted.IsCompleted);
    }

    [Fact]
    public async Task BigJob_ThatWhatRunsNeverMakesRoomFor_DoesNotStopOthersForEver()
    {
        await using var node = new AdmissionFixture(
            new JobOptions { MemoryOvercommit = 1, MachineOverheadMib = 0, HoldBackSeconds = 60 });
        node.Memory.TotalMib = 4096;
        node.Run(Ada, 2);
        var big = node.Queue(Ada, 4096);
        var small = node.Queue(Bob);

        node.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(small.Admitted.IsCompletedSuccessfully);
        small.Dispose();

        // Then it holds back again, so that they do not starve it either.
        node.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(node.Queue(Bob).Admitted.IsCompleted);
        Assert.False(big.Admitted.IsCompleted);
    }

    [Fact]
    public async Task BigJob_LargerThanTheNode_RunsAloneInsteadOfWaitingForEver()
    {
        await using var node = new AdmissionFixture(new JobOptions { MemoryOvercommit = 0.5 });
        node.Memory.TotalMib = 4096;
        var running = node.Run(Ada, 1);
        var big = node.Queue(Bob, 8192);
        Assert.False(big.Admitted.IsCompleted);

        running[0].Dispose();

        Assert.True(big.Admitted.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Job_NoMemoryIsFree_RunsOnceTheNodeHasSome()
    {
        await using var node = new AdmissionFixture(new JobOptions { MemoryReserveMib = 1000, MachineExpectedMib = 100 });
        node.Memory.AvailableMib = 1099;
        var waiting = node.Queue(Ada);
        node.Time.Advance(_secondLook);
        Assert.False(waiting.Admitted.IsCompleted);

        node.Memory.AvailableMib = 1100;
        node.Time.Advance(_secondLook);

        Assert.True(waiting.Admitted.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Burst_OfStarts_CountsWhatTheOthersAreAboutToTake()
    {
        await using var node = new AdmissionFixture(new JobOptions { MemoryReserveMib = 1000, MachineExpectedMib = 100 });
        node.Memory.AvailableMib = 1250;

        var (first, second, third) = (node.Queue(Ada), node.Queue(Ada), node.Queue(Ada));
        Assert.Equal((true, true, false), (first.Admitted.IsCompleted, second.Admitted.IsCompleted, third.Admitted.IsCompleted));

        // Their machines are there and took less than was expected.
        first.MachineReady();
        second.MachineReady();
        node.Time.Advance(_secondLook);

        Assert.True(third.Admitted.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Job_NoMemoryIsFree_RunsInWhatOthersGiveBack()
    {
        await using var node = new AdmissionFixture(
            new JobOptions { MemoryReserveMib = 1000 }, spare: memory => new FakeYield(memory, 500));
        node.Memory.AvailableMib = 900;

        await node.Queue(Ada).Admitted.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1400, node.Memory.AvailableMib);
    }

    [Fact]
    public async Task TryExpect_AsManyWaitAsMay_IsFalseUntilOneRuns()
    {
        await using var node = new AdmissionFixture(new JobOptions { MaxRunning = 1, MaxPending = 2 });
        var running = node.Run(Ada, 1)[0];
        node.Queue(Ada);
        var coming = node.NewJob(Bob);

        Assert.True(node.Admission.TryExpect(coming.Id));
        Assert.False(node.Admission.TryExpect(Guid.CreateVersion7()));
        node.Queue(coming);
        Assert.False(node.Admission.TryExpect(Guid.CreateVersion7()));
        running.Dispose();

        Assert.True(node.Admission.TryExpect(Guid.CreateVersion7()));
    }

    [Fact]
    public async Task Close_WhileJobsWait_LetsNobodyInAnyMore()
    {
        await using var node = new AdmissionFixture(new JobOptions { MaxRunning = 1 });
        var running = node.Run(Ada, 1)[0];
        var waiting = node.Queue(Ada);

        node.Admission.Close();
        running.Dispose();

        Assert.False(waiting.Admitted.IsCompleted);
        Assert.False(node.Admission.Accepts);
    }

    [Fact]
    public async Task Clock_SetByAnHour_ChangesNothingForWhoWaits()
    {
        await using var node = new AdmissionFixture(
            new JobOptions { MemoryOvercommit = 1, MachineOverheadMib = 0, HoldBackSeconds = 60 });
        node.Memory.TotalMib = 4096;
        node.Run(Ada, 2);
        node.Queue(Ada, 4096);
        var small = node.Queue(Bob);

        node.Time.Step(TimeSpan.FromHours(1));
        node.Admission.Look();
        Assert.False(small.Admitted.IsCompleted);

        node.Time.Step(TimeSpan.FromHours(-2));
        node.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(small.Admitted.IsCompletedSuccessfully);
    }
}
