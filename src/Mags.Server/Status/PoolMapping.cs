using Mags.Contracts.Server;
using Mags.Machines.Pool;

namespace Mags.Server.Status;

/// <summary>The pool as the API shows it.</summary>
internal static class PoolMapping
{
    public static PoolStatusResponse ToResponse(PoolStatus pool) => new()
    {
        IdleVms = pool.Hot + pool.Cold,
        BusyVms = pool.Busy,
        TotalVms = pool.Hot + pool.Cold + pool.Busy,
        MinPoolSize = pool.MinHot,
        MaxPoolSize = pool.MaxIdle,
        HotVms = pool.Hot,
        ColdVms = pool.Cold,
    };
}
