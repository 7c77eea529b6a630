namespace Mags.Machines;

/// <summary>One step of a machine's way, for measurements.</summary>
/// <param name="Name">Name of the step.</param>
/// <param name="Elapsed">How long it took.</param>
public readonly record struct MachineStep(string Name, TimeSpan Elapsed);
