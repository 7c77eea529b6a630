namespace Mags.Contracts.Jobs;

/// <summary>A job as <c>GET /mags-jobs/:id/status</c> and the list show it. A field without a value is left out.</summary>
public sealed record JobResponse
{
    /// <summary>The job's id, a UUID.</summary>
    public required string RequestId { get; init; }

    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>completed</c>, <c>error</c> or <c>sleeping</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Workspace that keeps the job's changes.</summary>
    public string? WorkspaceId { get; init; }

    /// <summary>Workspace that the job started from, unless it went on from its own.</summary>
    public string? BaseWorkspaceId { get; init; }

    /// <summary>Id of the sandbox; present exactly while one holds the job.</summary>
    public string? VmId { get; init; }

    /// <summary>Whether the sandbox stays alive after the script.</summary>
    public required bool Persistent { get; init; }

    /// <summary>Whether the sandbox is never put to sleep.</summary>
    public required bool NoSleep { get; init; }

    /// <summary>Host name label of the job's URL: 12 random hex digits.</summary>
    public string? Subdomain { get; init; }

    /// <summary>Complete URL that leads to the sandbox.</summary>
    public string? Url { get; init; }

    /// <summary>Whether the job is asleep.</summary>
    public required bool Sleeping { get; init; }

    /// <summary>The script's exit code, once it has ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>How long the script ran, in milliseconds, once it has ended.</summary>
    public long? ScriptDurationMs { get; init; }

    /// <summary>When the job was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its script started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reached its final state.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>What went wrong, in a sentence.</summary>
    public string? Error { get; init; }

    /// <summary>Image that the root file system comes from.</summary>
    public string? Image { get; init; }

    /// <summary>Kind of wall around the sandbox, for example <c>microvm</c>.</summary>
    public string? Isolation { get; init; }

    /// <summary>Accelerator that runs the sandbox (<c>kvm</c>, <c>tcg</c>), once one holds the job.</summary>
    public string? Accelerator { get; init; }

    /// <summary>Virtual processors given.</summary>
    public int? Vcpus { get; init; }

    /// <summary>Memory given, in MiB.</summary>
    public int? MemoryMb { get; init; }

    /// <summary>Size of the writable disk in GiB.</summary>
    public int? DiskGb { get; init; }

    /// <summary>Command that runs when a sleeping sandbox wakes.</summary>
    public string? StartupCommand { get; init; }

    /// <summary><c>synced</c>, <c>pending</c> or <c>error</c>: its workspace in the object store. Absent when not kept there.</summary>
    public string? SyncState { get; init; }

    /// <summary>What programs had flushed by then is in the object store.</summary>
    public DateTimeOffset? LastSyncedAt { get; init; }

    /// <summary>Why the last sync failed.</summary>
    public string? SyncError { get; init; }

    /// <summary>First line of the script; in lists only.</summary>
    public string? Script { get; init; }
}
