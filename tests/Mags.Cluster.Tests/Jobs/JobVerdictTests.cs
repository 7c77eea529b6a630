using Mags.Cluster.Jobs;
using Mags.Data.Jobs;

namespace Mags.Cluster.Tests.Jobs;

public sealed class JobVerdictTests
{
    private static readonly DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<JobOutcome, JobState, int?, string?> Ends => new()
    {
        { Exit(0), JobState.Completed, 0, null },
        { Exit(3), JobState.Error, 3, "the script exited with code 3" },
        { Exit(137), JobState.Error, 137, "the script exited with code 137 (128 + 9: ended by a signal)" },
        { Exit(255), JobState.Error, 255, "the script exited with code 255" },
        {
            new JobOutcome { ExitCode = 137, TimedOut = true, Duration = TimeSpan.FromSeconds(5) },
            JobState.Error, 124, "the script did not end within its limit of 5 s (`timeout`)"
        },
        {
            new JobOutcome { ExitCode = 137, RanOutOfMemory = true }, JobState.Error, 137,
            "the script exited with code 137; the sandbox had used up its memory of 512 MiB (`memory_mb`), and processes were ended for that"
        },
        { new JobOutcome { ExitCode = 0, RanOutOfMemory = true }, JobState.Completed, 0, null },
        { new JobOutcome { Fault = "the guest rebooted" }, JobState.Error, null, "the guest rebooted" },
        { new JobOutcome { CutOff = true }, JobState.Error, null, "the server was stopped while the script ran" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void Apply_RunningJob_EndsAsItsOutcomeSays(JobOutcome outcome, JobState state, int? exitCode, string? error)
    {
        var job = Job(JobState.Running);

        JobVerdict.Apply(job, outcome, _now);

        Assert.Equal((state, exitCode, error), (job.State, job.ExitCode, job.Error));
        Assert.Equal((_now, null), (job.CompletedAt, job.MachineId));
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void Apply_StopRequested_IsCompletedWithTheCodeOfAnEndedScriptOnly(
        JobOutcome outcome, JobState state, int? exitCode, string? error)
    {
        var job = Job(JobState.Running);
        job.StopRequested = true;

        JobVerdict.Apply(job, outcome, _now);

        Assert.True(state is JobState.Completed || error is not null);
        Assert.Equal((JobState.Completed, exitCode, null), (job.State, job.ExitCode, job.Error));
    }

    [Fact]
    public void Apply_CutOffBeforeTheScriptBegan_StaysPending()
    {
        var job = Job(JobState.Pending);

        JobVerdict.Apply(job, new JobOutcome { CutOff = true }, _now);

        Assert.Equal((JobState.Pending, null), (job.State, job.CompletedAt));
    }

    [Theory]
    [InlineData(JobState.Completed)]
    [InlineData(JobState.Error)]
    public void Apply_EndedJob_ChangesNothing(JobState state)
    {
        var job = Job(state);

        JobVerdict.Apply(job, Exit(7), _now);

        Assert.Equal((state, null), (job.State, job.ExitCode));
    }

    [Theory]
    [InlineData(JobState.Pending, false, JobState.Pending, null)]
    [InlineData(JobState.Pending, true, JobState.Completed, null)]
    [InlineData(JobState.Running, true, JobState.Completed, null)]
    [InlineData(JobState.Completed, false, JobState.Completed, null)]
    [InlineData(JobState.Running, false, JobState.Error,
        "the server restarted while the script ran; what it printed until then is in the log")]
    public void Recover_EachState_IsTrueAfter(JobState before, bool stop, JobState after, string? error)
    {
        var job = Job(before);
        job.StopRequested = stop;

        JobVerdict.Recover(job, _now);

        Assert.Equal((after, error), (job.State, job.Error));
    }

    private static JobOutcome Exit(int code) => new() { ExitCode = code, Duration = TimeSpan.FromMilliseconds(12) };

    [Theory]
    [InlineData(3, false, 3, null)]
    [InlineData(null, true, 124, "the script did not end within its limit of 5 s (`timeout`)")]
    public void EndScript_PersistentJob_GoesOnAndShowsItsCode(int? code, bool timedOut, int shown, string? error)
    {
        var job = Persistent();

        JobVerdict.EndScript(job, new JobOutcome { ExitCode = code, TimedOut = timedOut, Duration = TimeSpan.FromSeconds(5) });

        Assert.Equal((JobState.Running, shown, 5000L, error), (job.State, job.ExitCode, job.ScriptDurationMs, job.Error));
        Assert.Equal("m", job.MachineId);
    }

    [Fact]
    public void Apply_PersistentJobAfterItsScript_GoesOnFromItsDiskWhenTheServerStops()
    {
        var job = Persistent();
        JobVerdict.EndScript(job, Exit(3));

        JobVerdict.Apply(job, new JobOutcome { CutOff = true }, _now);

        Assert.Equal((JobState.Running, null, 3), (job.State, job.MachineId, job.ExitCode));
    }

    [Fact]
    public void Apply_PersistentJobAfterItsScript_IsAnErrorWhenItsSandboxEnds()
    {
        var job = Persistent();
        JobVerdict.EndScript(job, Exit(0));

        JobVerdict.Apply(job, new JobOutcome { Fault = "the guest powered off" }, _now);

        Assert.Equal((JobState.Error, 0, "the guest powered off"), (job.State, job.ExitCode, job.Error));
    }

    [Fact]
    public void Apply_PersistentJobThatIsStopped_KeepsItsScriptsCode()
    {
        var job = Persistent();
        JobVerdict.EndScript(job, Exit(3));
        job.StopRequested = true;

        JobVerdict.Apply(job, new JobOutcome { CutOff = true }, _now);

        Assert.Equal((JobState.Completed, 3, null), (job.State, job.ExitCode, job.Error));
    }

    [Theory]
    [InlineData(true, JobState.Running)]
    [InlineData(false, JobState.Error)]
    public void Recover_PersistentJob_GoesOnWhenItsScriptHadEnded(bool ended, JobState state)
    {
        var job = Persistent();
        if (ended)
        {
            JobVerdict.EndScript(job, Exit(0));
        }

        JobVerdict.Recover(job, _now);

        Assert.Equal((state, null), (job.State, job.MachineId));
    }

    private static JobRow Persistent()
    {
        var job = Job(JobState.Running);
        (job.Persistent, job.MachineId) = (true, "m");
        return job;
    }

    private static JobRow Job(JobState state) => new()
    {
        Id = Guid.NewGuid(),
        UserId = Guid.NewGuid(),
        Name = "job",
        State = state,
        ScriptFirstLine = "true",
        Image = "debian",
        Isolation = "microvm",
        Subdomain = "0123456789ab",
        MachineId = state == JobState.Running ? "m-1" : null,
        TimeoutSeconds = 5,
        MemoryMib = 512,
        CreatedAt = _now,
    };
}
