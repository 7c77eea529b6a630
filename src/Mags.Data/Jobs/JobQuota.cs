namespace Mags.Data.Jobs;

/// <summary>
/// What a user's unfinished jobs (pending, running or sleeping) may take in all. Null is no limit.
/// </summary>
/// <param name="Jobs">How many there may be.</param>
/// <param name="Vcpus">Virtual processors in sum.</param>
/// <param name="MemoryMib">MiB of memory in sum.</param>
public sealed record JobQuota(int? Jobs, int? Vcpus, int? MemoryMib)
{
    /// <summary>No limits.</summary>
    public static JobQuota None { get; } = new(null, null, null);
}

/// <summary>A job that was not added: with it, its user would be over this limit.</summary>
/// <param name="Kind">Which limit.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Used">What the user's unfinished jobs take without it.</param>
public sealed record JobQuotaExcess(JobQuotaKind Kind, int Limit, int Used) : JobRefusal;

/// <summary>The limits of <see cref="JobQuota"/>.</summary>
public enum JobQuotaKind
{
    /// <summary><see cref="JobQuota.Jobs"/>.</summary>
    Jobs,

    /// <summary><see cref="JobQuota.Vcpus"/>.</summary>
    Vcpus,

    /// <summary><see cref="JobQuota.MemoryMib"/>.</summary>
    MemoryMib,
}
