namespace Mags.Machines.Acceleration;

/// <summary>The accelerator of this node.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Reason">Why, in a sentence.</param>
internal sealed record AcceleratorChoice(AcceleratorKind Kind, string Reason);
