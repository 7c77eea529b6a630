using Mags.Protocol;

namespace Mags.Machines.Network;

/// <summary>A network that a machine is being given.</summary>
/// <param name="Settings">What the guest is told.</param>
/// <param name="Passt">Completes when passt is started; null when the network fell meanwhile.</param>
internal sealed record NetworkAttachment(NetworkSettings Settings, Task<PasstProcess?> Passt);
