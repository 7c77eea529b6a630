namespace Mags.Machines;

/// <summary>One step of the set-up that is done.</summary>
/// <param name="Name">What was made: <c>kernel</c>, <c>initramfs</c>, <c>image</c>, <c>accelerator</c>, <c>template</c>.</param>
/// <param name="Detail">What came of it, for people.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record SetupStep(string Name, string Detail, TimeSpan Elapsed);
