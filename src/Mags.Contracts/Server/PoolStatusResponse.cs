namespace Mags.Contracts.Server;

/// <summary>Answer of <c>GET /mags-jobs/pool-status</c>: the machines of the node that answers.</summary>
public sealed record PoolStatusResponse
{
    /// <summary>Machines that wait for a job: hot and cold ones.</summary>
    public required int IdleVms { get; init; }

    /// <summary>Machines that a job has.</summary>
    public required int BusyVms { get; init; }

    /// <summary>All of them.</summary>
    public required int TotalVms { get; init; }

    /// <summary>Hot machines that always wait (<c>Pool:MinHot</c> and <c>Pool:MinUnmounted</c>).</summary>
    public required int MinPoolSize { get; init; }

    /// <summary>Machines of one size that wait at most, as far as memory allows.</summary>
    public required int MaxPoolSize { get; init; }

    /// <summary>Waiting machines that have run already: a job gets one in milliseconds.</summary>
    public required int HotVms { get; init; }

    /// <summary>Waiting machines that never ran.</summary>
    public required int ColdVms { get; init; }
}
