namespace Mags.Data.Jobs;

/// <summary>What a user's unfinished jobs take in all.</summary>
internal sealed record JobUsage(int Jobs, int Vcpus, int MemoryMib)
{
    /// <summary>The first limit that one more job would break; null when it may be added.</summary>
    public JobQuotaExcess? Excess(JobQuota quota, JobRow job) =>
        Over(JobQuotaKind.Jobs, quota.Jobs, Jobs, 1)
        ?? Over(JobQuotaKind.Vcpus, quota.Vcpus, Vcpus, job.Vcpus)
        ?? Over(JobQuotaKind.MemoryMib, quota.MemoryMib, MemoryMib, job.MemoryMib);

    private static JobQuotaExcess? Over(JobQuotaKind kind, int? limit, int used, int more) =>
        limit is { } most && (long)used + more > most ? new JobQuotaExcess(kind, most, used) : null;
}
