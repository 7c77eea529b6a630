using Mags.Data.Jobs;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>A user's limits in words.</summary>
internal static class UserLimits
{
    /// <summary>429 that names the limit, its setting and what is used.</summary>
    public static ErrorResult Refuse(JobQuotaExcess excess, UserLimitOptions options) => ErrorResult.QuotaExceeded(
        $"your unfinished jobs take {Amount(excess.Kind, excess.Used)}, and with this one they would be over the limit "
        + $"of {Amount(excess.Kind, excess.Limit)} ({UserLimitOptions.Section}:{Setting(excess.Kind)}); wait until one "
        + "ends, or stop one",
        options.RetryAfter);

    private static string Amount(JobQuotaKind kind, int number) => kind switch
    {
        JobQuotaKind.Vcpus => $"{number} vCPUs",
        JobQuotaKind.MemoryMib => $"{number} MiB of memory",
        _ => $"{number} places",
    };

    private static string Setting(JobQuotaKind kind) => kind switch
    {
        JobQuotaKind.Vcpus => nameof(UserLimitOptions.MaxVcpus),
        JobQuotaKind.MemoryMib => nameof(UserLimitOptions.MaxMemoryMib),
        _ => nameof(UserLimitOptions.MaxLive),
    };
}
