using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>What a job may ask for. Past a limit a request is refused with 400 that names field and limit.</summary>
public sealed class JobLimitOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "JobLimits";

    /// <summary>
    /// Bytes of a request's body; more is 413. Default 16 MiB: JSON may write each byte of a script and an
    /// environment of 1 MiB each as six.
    /// </summary>
    [Range(1024, 1024L * 1024 * 1024)]
    public long MaxRequestBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Bytes of a script, as UTF-8. Default 1 MiB. Scripts are rows of the database: large ones grow it.</summary>
    [Range(1, 256 * 1024 * 1024)]
    public int MaxScriptBytes { get; set; } = 1024 * 1024;

    /// <summary>Characters of a job's name. Default 128.</summary>
    [Range(1, 1024)]
    public int MaxNameLength { get; set; } = 128;

    /// <summary>Entries of a job's environment. Default 256.</summary>
    [Range(1, 65536)]
    public int MaxEnvironmentEntries { get; set; } = 256;

    /// <summary>Bytes of a job's environment in all, as <c>NAME=value</c> in UTF-8. Default 1 MiB.</summary>
    [Range(1, 64 * 1024 * 1024)]
    public int MaxEnvironmentBytes { get; set; } = 1024 * 1024;

    /// <summary>GiB of a job's disk when it names none. Default 2. Disks are sparse: what is not written is free.</summary>
    [Range(1, 65536)]
    public int DefaultDiskGb { get; set; } = 2;

    /// <summary>GiB of a job's disk at most. Default 64.</summary>
    [Range(1, 65536)]
    public int MaxDiskGb { get; set; } = 64;

    /// <summary>Virtual processors when a job names none. Default 1. Each size has a template of its own.</summary>
    [Range(1, 1024)]
    public int DefaultVcpus { get; set; } = 1;

    /// <summary>Virtual processors at most. Default: the host's.</summary>
    [Range(1, 1024)]
    public int? MaxVcpus { get; set; }

    /// <summary>MiB of memory when a job names none. Default 1024. Only what a guest uses is taken from the host.</summary>
    [Range(128, 16 * 1024 * 1024)]
    public int DefaultMemoryMib { get; set; } = 1024;

    /// <summary>MiB of memory at most, rounded down to a multiple of 128. Default: half the host's.</summary>
    [Range(128, 16 * 1024 * 1024)]
    public int? MaxMemoryMib { get; set; }

    /// <summary>Seconds that a script may run when a job names no limit. Default 300.</summary>
    [Range(1, int.MaxValue)]
    public int DefaultTimeoutSeconds { get; set; } = 300;

    /// <summary>Uploaded files that a job may name. Default 100. Each is placed in the sandbox before the script runs.</summary>
    [Range(1, 10_000)]
    public int MaxFiles { get; set; } = 100;

    /// <summary>
    /// MiB that must be free under the home folder for a job or an upload to be accepted; else it is refused with
    /// 503. Default 64.
    /// Room for the rows, logs and disks of what runs already.
    /// </summary>
    [Range(0, 1024 * 1024)]
    public int MinFreeDiskMib { get; set; } = 64;
}

/// <summary>Checks <see cref="JobLimitOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class JobLimitOptionsValidator : IValidateOptions<JobLimitOptions>;
