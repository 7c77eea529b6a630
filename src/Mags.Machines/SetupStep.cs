namespace Mags.Machines;

/// <summary>A step of <see cref="MachineSetup"/>, told when it begins, when it has news, and when it is done.</summary>
/// <param name="Name">The step: <c>kernel</c>, <c>initramfs</c>, <c>image</c>, <c>accelerator</c> or <c>template</c>.</param>
/// <param name="Detail">What is being done, or what came of it.</param>
/// <param name="Elapsed">How long the step took; null until it is done.</param>
public sealed record SetupStep(string Name, string Detail, TimeSpan? Elapsed = null);
