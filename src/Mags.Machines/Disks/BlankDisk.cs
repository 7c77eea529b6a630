namespace Mags.Machines.Disks;

/// <summary>A formatted empty disk and the empty layer that is copied for each machine.</summary>
/// <param name="Path">The blank (qcow2). Immutable.</param>
/// <param name="LayerTemplate">An empty layer (qcow2) of the same size, without a backing name in it. Immutable.</param>
/// <param name="SizeBytes">Size as the guest sees it.</param>
internal sealed record BlankDisk(string Path, string LayerTemplate, long SizeBytes);
