using System.ComponentModel.DataAnnotations;
using Mags.Data.Jobs;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>
/// What one user's unfinished jobs (pending, running or sleeping) may take in all. A job past a limit is refused with
/// 429. The same for every user; what the whole node may take are the settings of section <c>Jobs</c>.
/// </summary>
public sealed class UserLimitOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "UserLimits";

    /// <summary>
    /// How many jobs. Default 1,000; null is no limit. Lower keeps one user from filling the queue.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxLive { get; set; } = 1000;

    /// <summary>Virtual processors in sum. Default null: no limit.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxVcpus { get; set; }

    /// <summary>MiB of memory in sum, as the jobs' sizes say. Default null: no limit.</summary>
    [Range(128, int.MaxValue)]
    public int? MaxMemoryMib { get; set; }

    /// <summary>
    /// Seconds that a refused client is told to wait before it tries again (<c>Retry-After</c>), for these limits and
    /// when too many jobs wait. Default 5. When a job ends is not known before, so this is no estimate: higher makes
    /// fewer requests, lower takes up a free place sooner.
    /// </summary>
    [Range(1, 3600)]
    public int RetryAfterSeconds { get; set; } = 5;

    internal JobQuota Quota => new(MaxLive, MaxVcpus, MaxMemoryMib);

    internal TimeSpan RetryAfter => TimeSpan.FromSeconds(RetryAfterSeconds);
}

/// <summary>Checks <see cref="UserLimitOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class UserLimitOptionsValidator : IValidateOptions<UserLimitOptions>;
