using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>Settings of how jobs run on this node.</summary>
public sealed class JobOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Jobs";

    /// <summary>
    /// How many jobs hold a machine at once; more wait as <c>pending</c>, first come first served. Default 100. Each
    /// takes the memory its guest really uses: more on a big host, fewer where jobs use much.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxRunning { get; set; } = 100;

    /// <summary>
    /// How many seconds a stop waits for the machine's end before it answers; the end goes on after. Default 2, at
    /// most 4: no call to a job may last longer.
    /// </summary>
    [Range(1, 4)]
    public int StopWaitSeconds { get; set; } = 2;

    /// <summary>
    /// How many seconds past a script's limit the guest has to end it before its machine is ended from outside.
    /// Default 5. Lower may cut off what the script printed last on a busy host.
    /// </summary>
    [Range(1, 600)]
    public int TimeoutGraceSeconds { get; set; } = 5;

    /// <summary>
    /// How many seconds the end of a machine may take before its job ends without it, and the log says so. Default 10.
    /// </summary>
    [Range(1, 600)]
    public int MachineEndSeconds { get; set; } = 10;

    /// <summary>How many seconds a stopping server waits for its jobs' ends. Default 8.</summary>
    [Range(1, 600)]
    public int ShutdownSeconds { get; set; } = 8;
}

/// <summary>Checks <see cref="JobOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class JobOptionsValidator : IValidateOptions<JobOptions>;
