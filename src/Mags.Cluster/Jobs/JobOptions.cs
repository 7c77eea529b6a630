using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs;

/// <summary>Settings of how jobs run on this node.</summary>
public sealed class JobOptions
{
    private const int RestOfStopSeconds = 4;

    /// <summary>Section name in configuration.</summary>
    public const string Section = "Jobs";

    /// <summary>
    /// How many jobs hold a machine at once; more wait as <c>pending</c>, users in turn. Default 100. Each takes the
    /// memory its guest really uses: more on a big host, fewer where jobs use much.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxRunning { get; set; } = 100;

    /// <summary>
    /// How many jobs wait at most; a further one is refused with 503. Default 10,000. Each waiting job costs the
    /// server some KiB: higher takes longer bursts in, lower says sooner that the node is too small.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxPending { get; set; } = 10_000;

    /// <summary>
    /// How many times its own memory the node promises to running jobs, as the sum of their sizes. Default 5: guests
    /// take from the host only what they touch. Higher runs more at once; where jobs really use what they asked for,
    /// it should be near 1.
    /// </summary>
    [Range(0.1, 1000)]
    public double MemoryOvercommit { get; set; } = 5;

    /// <summary>
    /// MiB that a machine's hypervisor takes beside its guest's memory, as counted against
    /// <see cref="MemoryOvercommit"/>: QEMU, and passt once its guest uses the network. Default 96.
    /// </summary>
    [Range(0, 65536)]
    public int MachineOverheadMib { get; set; } = 96;

    /// <summary>
    /// MiB that a machine is expected to really take at its start, so that a burst of starts is not measured against
    /// memory that the others of the burst are about to take. Default 128. Higher starts fewer at once.
    /// </summary>
    [Range(0, 1024 * 1024)]
    public int MachineExpectedMib { get; set; } = 128;

    /// <summary>
    /// MiB of the node's memory that no start of a job may take: room for what running guests have yet to touch and
    /// for everything else on the host. Default a sixteenth of the node's, at least 256.
    /// </summary>
    [Range(0, 16 * 1024 * 1024)]
    public int? MemoryReserveMib { get; set; }

    /// <summary>
    /// How many seconds a job that is too big for what is left holds back those that would fit, so that they do not
    /// starve it; for as long again they pass it, so that it does not stop them for ever; and so on. Default 300, the
    /// default limit of a script: what ran when it came to its turn has ended by then. Lower favours small jobs.
    /// </summary>
    [Range(1, 86400)]
    public int HoldBackSeconds { get; set; } = 300;

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

    /// <summary>
    /// How many seconds a sandbox with a workspace has at its end to write its disk out. Default 20. Past it the sandbox is
    /// ended as it is: what its programs made durable is kept, and the journal is replayed at the next use.
    /// </summary>
    [Range(1, 600)]
    public int DiskSealSeconds { get; set; } = 20;

    /// <summary>
    /// How many seconds a stopping server lets running scripts go on before it ends them. Default 5; 0 ends them at
    /// once. No new job is accepted meanwhile, waiting ones stay pending, and the API goes on answering. The service
    /// manager must grant it, with <see cref="ShutdownSeconds"/> and some more.
    /// </summary>
    [Range(0, 3600)]
    public int StopGraceSeconds { get; set; } = 5;

    /// <summary>
    /// How many seconds a stopping server waits for the ends of the jobs that it ended. Default 8. Higher helps a busy
    /// host to write every job's end; what it misses is made up at the next start.
    /// </summary>
    [Range(1, 600)]
    public int ShutdownSeconds { get; set; } = 8;

    /// <summary>How long a stop of the server may take in all: both times, and some for all else that ends.</summary>
    public TimeSpan StopLimit => TimeSpan.FromSeconds(StopGraceSeconds + ShutdownSeconds + RestOfStopSeconds);
}

/// <summary>Checks <see cref="JobOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class JobOptionsValidator : IValidateOptions<JobOptions>;
