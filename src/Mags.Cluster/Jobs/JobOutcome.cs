namespace Mags.Cluster.Jobs;

/// <summary>How a job's run ended, as its runner saw it.</summary>
[GenerateSerializer]
[Alias("Mags.JobOutcome")]
public sealed record JobOutcome
{
    /// <summary>The script's exit code; null when it did not end by itself.</summary>
    [Id(0)]
    public int? ExitCode { get; init; }

    /// <summary>Whether the script was ended at its time limit.</summary>
    [Id(1)]
    public bool TimedOut { get; init; }

    /// <summary>How long the script ran; null when it did not end by itself.</summary>
    [Id(2)]
    public TimeSpan? Duration { get; init; }

    /// <summary>What went wrong, in a sentence; null when the script ended.</summary>
    [Id(3)]
    public string? Fault { get; init; }

    /// <summary>Whether the run was cut off on this server's side: the job or the server was stopped.</summary>
    [Id(4)]
    public bool CutOff { get; init; }

    /// <summary>Whether the sandbox's memory was used up while the script ran, and processes were ended for that.</summary>
    [Id(5)]
    public bool RanOutOfMemory { get; init; }
}
