namespace Mags.Contracts.Jobs;

/// <summary>The words a job's <c>status</c> can be.</summary>
public static class JobStatusNames
{
    /// <summary>Accepted, waiting for a sandbox.</summary>
    public const string Pending = "pending";

    /// <summary>The script executes, or a persistent sandbox is alive after its script.</summary>
    public const string Running = "running";

    /// <summary>The script ended with 0 and the sandbox is gone, or the job was stopped.</summary>
    public const string Completed = "completed";

    /// <summary>Non-zero exit, time-out, lost node, or a sandbox failure.</summary>
    public const string Error = "error";

    /// <summary>Persistent and idle; wakes by itself on the next request.</summary>
    public const string Sleeping = "sleeping";
}
