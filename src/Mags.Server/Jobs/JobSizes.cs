using System.Numerics;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>
/// The sizes a sandbox may have. Few are made, so that few templates serve all jobs: powers of two, and what the limits are.
/// What is asked for is rounded up to the next of them.
/// </summary>
internal sealed class JobSizes
{
    public const int MinMemoryMib = 128;
    private const int BytesPerMib = 1024 * 1024;

    private readonly JobLimitOptions _limits;

    public JobSizes(IOptions<JobLimitOptions> limits)
        : this(limits.Value, Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
    {
    }

    internal JobSizes(JobLimitOptions limits, int hostProcessors, long hostMemoryBytes)
    {
        _limits = limits;
        var halfMib = (int)Math.Min(hostMemoryBytes / 2 / BytesPerMib, int.MaxValue);
        var memoryMib = limits.MaxMemoryMib ?? halfMib;
        MaxVcpus = limits.MaxVcpus ?? hostProcessors;
        MaxMemoryMib = Math.Max(memoryMib - (memoryMib % MinMemoryMib), MinMemoryMib);
    }

    /// <summary>How many virtual processors a job may ask for.</summary>
    public int MaxVcpus { get; }

    /// <summary>How much memory a job may ask for, in MiB; a multiple of the least.</summary>
    public int MaxMemoryMib { get; }

    /// <summary>How many virtual processors are given to who asks for so many, or for none.</summary>
    public int VcpusFor(int? asked) => Math.Min(RoundUp(asked ?? _limits.DefaultVcpus), MaxVcpus);

    /// <summary>How much memory is given to who asks for so much, or for none, in MiB.</summary>
    public int MemoryMibFor(int? asked) => Math.Min(RoundUp(asked ?? _limits.DefaultMemoryMib), MaxMemoryMib);

    private static int RoundUp(int asked) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)asked), int.MaxValue);
}
