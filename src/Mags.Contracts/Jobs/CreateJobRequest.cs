namespace Mags.Contracts.Jobs;

/// <summary>Body of <c>POST /mags-jobs</c>. A null, and a field that carries its default, asks for nothing.</summary>
public sealed record CreateJobRequest
{
    /// <summary>Shell script, run as a file by <c>/bin/sh</c> as root in <c>/root</c>. Required; at most 1 MiB.</summary>
    public string? Script { get; init; }

    /// <summary>Always <c>inline</c>. Required.</summary>
    public string? Type { get; init; }

    /// <summary>A name for the job, made up when absent; at most 128 characters.</summary>
    public string? Name { get; init; }

    /// <summary>Workspace to keep changes in.</summary>
    public string? WorkspaceId { get; init; }

    /// <summary>Workspace mounted read-only as the starting file system.</summary>
    public string? BaseWorkspaceId { get; init; }

    /// <summary>The sandbox stays alive after the script.</summary>
    public bool? Persistent { get; init; }

    /// <summary>With <c>persistent</c>: kept on the node's disk only; a workspace that is in the object store stays there.</summary>
    public bool? NoSync { get; init; }

    /// <summary>With <c>persistent</c>: never put to sleep when idle.</summary>
    public bool? NoSleep { get; init; }

    /// <summary>Command that runs when a sleeping sandbox wakes.</summary>
    public string? StartupCommand { get; init; }

    /// <summary>Environment variables of the script; at most 256 and 1 MiB in all.</summary>
    public Dictionary<string, string>? Environment { get; init; }

    /// <summary>Ids of uploaded files to place in <c>/root</c> before the script runs.</summary>
    public IReadOnlyList<string>? FileIds { get; init; }

    /// <summary>Size of the writable disk in GiB; default 2, 1 to 64.</summary>
    public int? DiskGb { get; init; }

    /// <summary>Virtual processors; default 1, rounded up to a power of two or the limit.</summary>
    public int? Vcpus { get; init; }

    /// <summary>Memory in MiB; default 1024, rounded up to a power of two from 128, or the limit.</summary>
    public int? MemoryMb { get; init; }

    /// <summary>The script's time limit in seconds; default 300.</summary>
    public int? Timeout { get; init; }

    /// <summary>Image to start from; <c>standard</c> or absent is the server's default.</summary>
    public string? Image { get; init; }

    /// <summary>Older name of <c>image</c>.</summary>
    public string? RootfsType { get; init; }

    /// <summary>Kind of wall; default <c>microvm</c>.</summary>
    public string? Isolation { get; init; }

    /// <summary>
    /// <c>false</c>: no network at all; <c>true</c>: refused where the server can give none; absent: the server's default.
    /// </summary>
    public bool? Network { get; init; }
}
