using Mags.Data.Jobs;

namespace Mags.Cluster.Jobs;

/// <summary>Decides what a job becomes at its end. It only sets fields: the caller writes the row.</summary>
internal static class JobVerdict
{
    /// <summary>Exit code of a script that its time limit ended, as of <c>timeout(1)</c>.</summary>
    private const int TimedOutCode = 124;

    public static bool IsEnded(JobRow job) => job.State is JobState.Completed or JobState.Error;

    /// <summary>Notes the end of a persistent job's script: no exit code and no time-out ends the job.</summary>
    public static void EndScript(JobRow job, JobOutcome outcome)
    {
        (job.ExitCode, job.ScriptDurationMs) = (CodeOf(outcome), (long?)outcome.Duration?.TotalMilliseconds ?? 0);
        job.Error = outcome.TimedOut ? Sentence(job, outcome) : null;
    }

    /// <summary>Ends a job by what its runner saw.</summary>
    public static void Apply(JobRow job, JobOutcome outcome, DateTimeOffset now)
    {
        if (IsEnded(job))
        {
            return;
        }

        // What a persistent job's script ended with is noted already.
        job.ExitCode = CodeOf(outcome) ?? job.ExitCode;
        job.ScriptDurationMs = (long?)outcome.Duration?.TotalMilliseconds ?? job.ScriptDurationMs;
        if (job.StopRequested)
        {
            Complete(job, now);
        }
        else if (outcome.CutOff && LivesOn(job))
        {
            // The next start of the server gives it a sandbox again.
            job.MachineId = null;
        }
        else if (outcome.CutOff && job.State == JobState.Pending)
        {
            // Its script never began: the next start of the server runs it.
            job.MachineId = null;
        }
        else if (Sentence(job, outcome) is { } sentence)
        {
            Fail(job, sentence, now);
        }
        else
        {
            Complete(job, now);
        }
    }

    /// <summary>Ends a job whose server died; leaves one that never began, or that goes on from its disk.</summary>
    public static void Recover(JobRow job, DateTimeOffset now)
    {
        if (IsEnded(job))
        {
            return;
        }

        if (job.StopRequested)
        {
            Complete(job, now);
        }
        else if (LivesOn(job))
        {
            job.MachineId = null;
        }
        else if (job.State == JobState.Running)
        {
            Fail(job, "the server restarted while the script ran; what it printed until then is in the log", now);
        }
    }

    public static void Complete(JobRow job, DateTimeOffset now) => End(job, JobState.Completed, null, now);

    /// <summary>Whether it is a persistent sandbox whose script has ended: with its disk all of it is there.</summary>
    private static bool LivesOn(JobRow job) => job is { State: JobState.Running, ScriptIsOver: true };

    private static int? CodeOf(JobOutcome outcome) => outcome.TimedOut ? TimedOutCode : outcome.ExitCode;

    private static void Fail(JobRow job, string sentence, DateTimeOffset now) =>
        End(job, JobState.Error, sentence, now);

    private static void End(JobRow job, JobState state, string? error, DateTimeOffset now)
    {
        (job.State, job.Error, job.CompletedAt, job.MachineId) = (state, error, now, null);
    }

    private static string? Sentence(JobRow job, JobOutcome outcome) => outcome switch
    {
        { CutOff: true } => "the server was stopped while the script ran",
        { Fault: { } fault } => fault,
        { TimedOut: true } => $"the script did not end within its limit of {job.TimeoutSeconds} s (`timeout`)",
        { ExitCode: not 0, RanOutOfMemory: true } =>
            $"the script exited with code {outcome.ExitCode}; the sandbox had used up its memory of {job.MemoryMib} MiB (`memory_mb`), and processes were ended for that",
        { ExitCode: > 128 and <= 128 + 64 } =>
            $"the script exited with code {outcome.ExitCode} (128 + {outcome.ExitCode - 128}: ended by a signal)",
        { ExitCode: not 0 } => $"the script exited with code {outcome.ExitCode}",
        _ => null,
    };
}
