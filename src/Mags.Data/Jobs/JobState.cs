namespace Mags.Data.Jobs;

/// <summary>Where a job is in its life. The numbers are stored: add, never renumber.</summary>
public enum JobState
{
    /// <summary>Accepted; its script has not started.</summary>
    Pending = 0,

    /// <summary>Its sandbox runs.</summary>
    Running = 1,

    /// <summary>Ended: its script exited with 0, or it was stopped.</summary>
    Completed = 2,

    /// <summary>Ended: it failed; <see cref="JobRow.Error"/> says how.</summary>
    Error = 3,

    /// <summary>Persistent and asleep: its sandbox is on disk only.</summary>
    Sleeping = 4,
}
