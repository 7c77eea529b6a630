using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs.Logs;

/// <summary>Settings of the jobs' logs.</summary>
public sealed class JobLogOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "JobLogs";

    /// <summary>Folder that holds the log files, one pair a job. Set from <c>MAGS_HOME</c>.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>
    /// How many bytes one job's log may take on disk, 16 bytes a line included. Default 64 MiB. Past it one
    /// <c>system</c> line says so and what the script prints is dropped; the script itself goes on.
    /// </summary>
    [Range(4096, long.MaxValue)]
    public long MaxBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many seconds a follower hears nothing before it is sent a sign of life. Default 15. Lower keeps
    /// impatient proxies from cutting the connection, at the cost of some traffic.
    /// </summary>
    [Range(1, 3600)]
    public int FollowHeartbeatSeconds { get; set; } = 15;
}

/// <summary>Checks <see cref="JobLogOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class JobLogOptionsValidator : IValidateOptions<JobLogOptions>;
