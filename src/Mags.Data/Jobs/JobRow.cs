namespace Mags.Data.Jobs;

/// <summary>A job. What lists and status show; its script and environment are in <see cref="JobInputRow"/>.</summary>
/// <remarks>Times are kept in UTC and to the microsecond, on both databases.</remarks>
public sealed class JobRow
{
    /// <summary>Its id, the <c>request_id</c> of the API. Version 7, made so that ids sort by acceptance whatever the clock does.</summary>
    public required Guid Id { get; set; }

    /// <summary>Whose it is.</summary>
    public required Guid UserId { get; set; }

    /// <summary>Its name; a user's jobs may share one.</summary>
    public required string Name { get; set; }

    /// <summary>Where it is in its life.</summary>
    public JobState State { get; set; }

    /// <summary>First line of the script, for lists.</summary>
    public required string ScriptFirstLine { get; set; }

    /// <summary>Name of the image of its root file system.</summary>
    public required string Image { get; set; }

    /// <summary>Kind of wall around it, for example <c>microvm</c>.</summary>
    public required string Isolation { get; set; }

    /// <summary><c>kvm</c> or <c>tcg</c>, once a machine holds it.</summary>
    public string? Accelerator { get; set; }

    /// <summary>Virtual processors.</summary>
    public int Vcpus { get; set; }

    /// <summary>Memory in MiB.</summary>
    public int MemoryMib { get; set; }

    /// <summary>Size of its writable disk in GiB.</summary>
    public int DiskGb { get; set; }

    /// <summary>
    /// Whether its sandbox has a network: true, it was asked for and the job fails without; false, none; null, if the
    /// node can give one.
    /// </summary>
    public bool? Network { get; set; }

    /// <summary>Limit of the script's run in seconds; null is none.</summary>
    public int? TimeoutSeconds { get; set; }

    /// <summary>Whether the sandbox stays after the script has ended.</summary>
    public bool Persistent { get; set; }

    /// <summary>Whether its disk is kept on the node only, though it is persistent.</summary>
    public bool NoSync { get; set; }

    /// <summary>Whether it is never put to sleep.</summary>
    public bool NoSleep { get; set; }

    /// <summary>Workspace that keeps its changes.</summary>
    public string? WorkspaceId { get; set; }

    /// <summary>Workspace that it starts from, which it does not change; null for none.</summary>
    public string? BaseWorkspaceId { get; set; }

    /// <summary>Command that starts its service after a wake.</summary>
    public string? StartupCommand { get; set; }

    /// <summary>Host name label of its URL: 12 random hex digits.</summary>
    public required string Subdomain { get; set; }

    /// <summary>Machine that holds it; null when none does.</summary>
    public string? MachineId { get; set; }

    /// <summary>Whether somebody asked for its stop; written before the stop is carried out.</summary>
    public bool StopRequested { get; set; }

    /// <summary>The script's exit code, once it has ended.</summary>
    public int? ExitCode { get; set; }

    /// <summary>How long the script ran, in milliseconds, once it has ended.</summary>
    public long? ScriptDurationMs { get; set; }

    /// <summary>
    /// Whether its script is over: for good with the job, and of a persistent one also while its sandbox lives on.
    /// </summary>
    public bool ScriptIsOver =>
        State is JobState.Completed or JobState.Error || (Persistent && ScriptDurationMs is not null);

    /// <summary>When it was accepted, by the clock of then.</summary>
    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>When its script started.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When it reached its final state.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>What went wrong, in a sentence.</summary>
    public string? Error { get; set; }
}
