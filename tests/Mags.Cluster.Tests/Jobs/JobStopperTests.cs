using Mags.Cluster.Jobs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Cluster.Tests.Jobs;

/// <summary>A stop that is answered means that the sandbox is gone and its disk durable.</summary>
public sealed class JobStopperTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0)]
    [InlineData(14)]
    public async Task StopAsync_AnEndThatTakesLong_IsWaitedFor(int notYet)
    {
        var job = new SlowJob(notYet, () => _time.Advance(TimeSpan.FromSeconds(2)));

        await Stopper(job).StopAsync(Guid.NewGuid(), TestContext.Current.CancellationToken);

        Assert.Equal(notYet + 1, job.Asked);
    }

    [Fact]
    public async Task StopAsync_PastWhatDiskAndMachineMayTake_IsAnsweredWithoutTheEnd()
    {
        var job = new SlowJob(int.MaxValue, () => _time.Advance(TimeSpan.FromSeconds(2)));

        await Stopper(job).StopAsync(Guid.NewGuid(), TestContext.Current.CancellationToken);

        Assert.Equal(15, job.Asked);
    }

    [Fact]
    public async Task StopAsync_CallerThatGoesAway_IsNotWaitedWith()
    {
        using var caller = new CancellationTokenSource();
        var job = new SlowJob(int.MaxValue, caller.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Stopper(job).StopAsync(Guid.NewGuid(), caller.Token));
    }

    private JobStopper Stopper(IJobGrain job) => new(
        _ => job,
        Options.Create(new JobOptions { DiskSealSeconds = 20, MachineEndSeconds = 10 }),
        _time,
        NullLogger<JobStopper>.Instance);

    /// <summary>A job whose stop is over after so many calls.</summary>
    private sealed class SlowJob(int notYet, Action waits) : IJobGrain
    {
        public int Asked { get; private set; }

        public async Task<bool> StopAsync()
        {
            // As a call to a grain, which is never over at once.
            await Task.Yield();
            waits();
            return Asked++ == notYet;
        }

        public Task StartAsync() => throw new NotSupportedException();

        public Task RecoverAsync() => throw new NotSupportedException();

        public Task<bool> MachineReadyAsync(string machineId, string accelerator) => throw new NotSupportedException();

        public Task ScriptEndedAsync(JobOutcome outcome) => throw new NotSupportedException();

        public Task EndAsync(JobOutcome outcome) => throw new NotSupportedException();
    }
}
