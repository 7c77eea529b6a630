using System.Numerics;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>
/// The sizes a sandbox may have. Only powers of two are made, so that few templates serve all jobs; what is asked for
/// is rounded up, and the limits are such that this never leads past them.
/// </summary>
internal sealed class JobSizes
{
    public const int MinMemoryMib = 128;
    private const int BytesPerMib = 1024 * 1024;

    public JobSizes(IOptions<JobLimitOptions> limits)
        : this(limits.Value, Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
    {
    }

    internal JobSizes(JobLimitOptions limits, int hostProcessors, long hostMemoryBytes)
    {
        var halfMib = (int)Math.Min(hostMemoryBytes / 2 / BytesPerMib, int.MaxValue);
        MaxVcpus = RoundDown(limits.MaxVcpus ?? hostProcessors);
        MaxMemoryMib = Math.Max(RoundDown(limits.MaxMemoryMib ?? halfMib), MinMemoryMib);
    }

    public int MaxVcpus { get; }

    public int MaxMemoryMib { get; }

    /// <summary>The size given for a size asked for.</summary>
    public static int RoundUp(int asked) => (int)BitOperations.RoundUpToPowerOf2((uint)asked);

    private static int RoundDown(int limit) => 1 << BitOperations.Log2((uint)limit);
}
