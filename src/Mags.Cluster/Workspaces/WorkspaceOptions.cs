using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces;

/// <summary>Settings of workspaces on this node.</summary>
public sealed class WorkspaceOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Workspaces";

    /// <summary>
    /// How many layers a workspace may have before they are merged in the background. Default 8; up to twice as many where
    /// they are shared with a base or forks, so that these are not copied. Each run adds one; more make starts and reads
    /// slower (16 add 17 ms to a start), fewer copy more often.
    /// </summary>
    [Range(3, 64)]
    public int MaxLayers { get; set; } = 8;

    /// <summary>
    /// How often what a running sandbox has written to a persistent workspace is brought to the object store, in seconds.
    /// Default 30; nothing is sent while nothing was written. Lower loses less with the node; each sync holds up writes in
    /// the sandbox for some milliseconds.
    /// </summary>
    [Range(1, 86400)]
    public int SyncSeconds { get; set; } = 30;

    /// <summary>
    /// How many workspaces are synced at once. Default 2. Each takes a QEMU that only reads, about 30 MiB, and some packs in
    /// memory.
    /// </summary>
    [Range(1, 64)]
    public int ParallelSyncs { get; set; } = 2;

    /// <summary>
    /// How many exports and imports of workspaces run at once; more are refused with 503. Default 2. Each takes a QEMU of its
    /// own, about 30 MiB, for as long as its client takes.
    /// </summary>
    [Range(1, 64)]
    public int ParallelTransfers { get; set; } = 2;

    /// <summary>
    /// How many seconds a stop waits for the sync of what was written before it answers; the sync goes on after. Default 20.
    /// </summary>
    [Range(0, 600)]
    public int StopSyncSeconds { get; set; } = 20;

    /// <summary>
    /// How often the object store is swept of what nothing names any more, in seconds. Default 21600, 6 hours. Each sweep lists the
    /// store; what it finds goes once that was so for <c>ObjectStore:SweepGrace</c>.
    /// </summary>
    [Range(1, 31536000)]
    public int SweepSeconds { get; set; } = 21_600;

    /// <summary>
    /// MiB of free disk below which persistent workspaces that are whole in the object store and in nobody's use are removed
    /// from this node, the longest unused first; they come back at their next use. Default 4096; 0 is never.
    /// </summary>
    [Range(0, 1L << 40)]
    public long EvictBelowMib { get; set; } = 4096;

    /// <summary>
    /// Minutes after which a workspace that is not persistent and that nobody used is deleted. Default 0: never.
    /// </summary>
    [Range(0, 5256000)]
    public int LocalIdleMinutes { get; set; }
}

/// <summary>Checks <see cref="WorkspaceOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class WorkspaceOptionsValidator : IValidateOptions<WorkspaceOptions>;
