using Mags.Cluster.Workspaces.Sync;
using Mags.Contracts.Jobs;
using Mags.Data.Jobs;
using Mags.Server.Workspaces;

namespace Mags.Server.Jobs;

/// <summary>Rows as the API shows them.</summary>
internal static class JobMapping
{
    public static string Name(JobState state) => state switch
    {
        JobState.Pending => JobStatusNames.Pending,
        JobState.Running => JobStatusNames.Running,
        JobState.Completed => JobStatusNames.Completed,
        JobState.Sleeping => JobStatusNames.Sleeping,
        _ => JobStatusNames.Error,
    };

    /// <summary>A job as its status shows it.</summary>
    public static JobResponse ToResponse(JobRow job, SyncStatus? sync) => new()
    {
        RequestId = job.Id.ToString(),
        Name = job.Name,
        Status = Name(job.State),
        WorkspaceId = job.WorkspaceId,
        BaseWorkspaceId = job.BaseWorkspaceId,
        VmId = job.MachineId,
        Persistent = job.Persistent,
        NoSleep = job.NoSleep,
        Subdomain = job.Subdomain,
        Sleeping = job.State == JobState.Sleeping,
        ExitCode = job.ExitCode,
        ScriptDurationMs = job.ScriptDurationMs,
        CreatedAt = job.CreatedAt,
        StartedAt = job.StartedAt,
        CompletedAt = job.CompletedAt,
        Error = job.Error,
        Image = job.Image,
        Isolation = job.Isolation,
        Accelerator = job.Accelerator,
        Vcpus = job.Vcpus,
        MemoryMb = job.MemoryMib,
        DiskGb = job.DiskGb,
        StartupCommand = job.StartupCommand,
        SyncState = WorkspaceMapping.NameOf(sync),
        LastSyncedAt = sync?.LastSyncedAt,
        SyncError = sync?.Error,
    };

    /// <summary>A job as the list shows it.</summary>
    public static JobResponse ToListItem(JobRow job, SyncStatus? sync) => ToResponse(job, sync) with { Script = job.ScriptFirstLine };
}
