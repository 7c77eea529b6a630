using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Files;

/// <summary>Settings of uploaded files.</summary>
public sealed class UploadOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Files";

    /// <summary>
    /// Bytes of a file at most; more is 413. Default 104,857,600, which is 100 MB of 1024 * 1024 bytes each. Each upload under
    /// way takes as much of the home folder's disk, and each job that names a file as much of its own disk.
    /// </summary>
    [Range(1, 64L * 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 100L * 1024 * 1024;

    /// <summary>
    /// Hours after which a file that no job has asked for since is removed, unless an unfinished job names it. Default 24.
    /// Lower frees the object store sooner.
    /// </summary>
    [Range(0.0001, 24 * 365)]
    public double ExpiryHours { get; set; } = 24;

    /// <summary>
    /// Seconds that the placing of a job's files in its sandbox may take in all; past it the job ends in an error that says
    /// so. Default 300. Higher helps where the object store is far away.
    /// </summary>
    [Range(1, 86400)]
    public int PlacementSeconds { get; set; } = 300;

    /// <summary>How long an unused file is kept.</summary>
    public TimeSpan Expiry => TimeSpan.FromHours(ExpiryHours);
}

/// <summary>Checks <see cref="UploadOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class UploadOptionsValidator : IValidateOptions<UploadOptions>;
