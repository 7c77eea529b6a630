namespace Mags.Machines;

/// <summary>What a machine's disk starts from, and whether what is written to it stays.</summary>
/// <param name="Layers">
/// Files of the layers that it starts from, the lowest first; a guest sees them as one disk. They are only read, so any
/// number of machines may start from them at once; nobody may ever write to them.
/// </param>
/// <param name="KeepAt">
/// Where the machine's own layer is made, and stays when the machine has ended; nothing may be there. Null: what is
/// written goes with the machine.
/// </param>
public sealed record MachineDisk(IReadOnlyList<string> Layers, string? KeepAt);
