namespace Mags.Machines;

/// <summary>How a layer of a running machine was sealed.</summary>
/// <param name="IsFrozen">
/// Whether the guest's file system stood still meanwhile, so that it needs no replay. If not it is as after a crash at
/// that moment: what the guest made durable itself is in it, and its journal is replayed when it is used.
/// </param>
/// <param name="Pause">For how long the guest could not write.</param>
public sealed record LayerSeal(bool IsFrozen, TimeSpan Pause);
