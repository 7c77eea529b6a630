namespace Mags.Machines.Qemu;

/// <summary>The layers of a disk as a running QEMU has them.</summary>
/// <param name="Below">Those that are only read, the lowest first; at least one.</param>
/// <param name="Own">The topmost, which is written.</param>
internal sealed record DiskChain(IReadOnlyList<LayerNode> Below, LayerNode Own);
