using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Pool;

/// <summary>Settings of the machines that wait for jobs.</summary>
public sealed class PoolOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Pool";

    /// <summary>
    /// Hot machines of the default image, size and disk that always wait. Default 2. Each is about 70 MB of memory and
    /// saves a job half a second; 0 makes none ahead of demand.
    /// </summary>
    [Range(0, 1000)]
    public int MinHot { get; set; } = 2;

    /// <summary>
    /// Hot machines of the default image and size beside those, with no disk mounted, that always wait for jobs with a
    /// workspace or another size of disk. Default 1; 0 makes none ahead of demand.
    /// </summary>
    [Range(0, 1000)]
    public int MinUnmounted { get; set; } = 1;

    /// <summary>
    /// Hot machines of one image, size and kind at most, however many jobs come at once. Default 8. More serve greater
    /// bursts, and take memory as long as those keep coming.
    /// </summary>
    [Range(0, 1000)]
    public int MaxHot { get; set; } = 8;

    /// <summary>
    /// Cold machines behind the hot ones, for each image and size in use. Default 2. Each is about 20 MB and saves a job
    /// the start of a process; a cold one is what becomes hot.
    /// </summary>
    [Range(0, 1000)]
    public int Cold { get; set; } = 2;

    /// <summary>
    /// Share of the host's memory that waiting machines may take. Default 0.1. What would go past it is not made.
    /// </summary>
    [Range(0.0, 1.0)]
    public double MemoryShare { get; set; } = 0.1;

    /// <summary>
    /// How many minutes an image and size is kept ready after its last job. Default 10. The default image and size is
    /// always.
    /// </summary>
    [Range(1, 7 * 24 * 60)]
    public int KeepMinutes { get; set; } = 10;

    /// <summary>Processors of the machines that always wait. Default 1; the server sets <c>JobLimits</c>' default.</summary>
    [Range(1, 1024)]
    public int DefaultVcpus { get; set; } = 1;

    /// <summary>MiB of memory of the machines that always wait. Default 1024; the server sets <c>JobLimits</c>' default.</summary>
    [Range(128, 16 * 1024 * 1024)]
    public int DefaultMemoryMib { get; set; } = 1024;

    /// <summary>
    /// GiB of the disk that waiting machines have mounted. Default 2; the server sets <c>JobLimits</c>' default. Jobs
    /// with another disk take a machine that has none mounted.
    /// </summary>
    [Range(1, 65536)]
    public int DefaultDiskGb { get; set; } = 2;
}

/// <summary>Checks <see cref="PoolOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class PoolOptionsValidator : IValidateOptions<PoolOptions>;
