namespace Mags.Machines.Nbd;

/// <summary>What a peer has agreed to give.</summary>
/// <param name="Size">Size of the disk in bytes.</param>
/// <param name="Allocation">Its number for <c>base:allocation</c>.</param>
/// <param name="Depth">Its number for <c>qemu:allocation-depth</c>.</param>
internal sealed record NbdExport(long Size, uint Allocation, uint Depth);
