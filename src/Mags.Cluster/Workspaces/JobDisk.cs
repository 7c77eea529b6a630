using Mags.Machines;

namespace Mags.Cluster.Workspaces;

/// <summary>The disk of a job that runs: what its machine starts from, and what has to be told when it ends.</summary>
internal sealed class JobDisk
{
    /// <summary>An empty disk that goes with its machine.</summary>
    public static JobDisk Empty { get; } = new();

    /// <summary>What the machine is given; null for an empty disk.</summary>
    public MachineDisk? Machine { get; init; }

    /// <summary>Digest of the image that it belongs to; null when it belongs to none yet.</summary>
    public string? ImageDigest { get; init; }

    /// <summary>The workspace whose image is fixed by this run; null when it has one.</summary>
    public Guid? Unbound { get; init; }

    /// <summary>The workspace that keeps what is written; null when nothing is kept.</summary>
    public Guid? Kept { get; init; }

    /// <summary>The layers that it starts from, whose files stay as long as it is open.</summary>
    public IReadOnlyList<Guid> Pinned { get; set; } = [];
}
