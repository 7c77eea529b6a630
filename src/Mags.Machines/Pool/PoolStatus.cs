namespace Mags.Machines.Pool;

/// <summary>The machines of a node.</summary>
/// <param name="Hot">Machines that wait and have run.</param>
/// <param name="Cold">Machines that wait and never ran.</param>
/// <param name="Busy">Machines that a sandbox has.</param>
/// <param name="MinHot">Hot machines that always wait.</param>
/// <param name="MaxIdle">Machines that wait at most, as far as memory allows.</param>
public sealed record PoolStatus(int Hot, int Cold, int Busy, int MinHot, int MaxIdle);
