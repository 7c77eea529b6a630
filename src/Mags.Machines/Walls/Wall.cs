namespace Mags.Machines.Walls;

/// <summary>One of the things that keep a sandbox's hypervisor from the host and from other sandboxes.</summary>
/// <param name="Name">Short name, one of <see cref="WallNames"/>.</param>
/// <param name="Stands">Whether it stands on this host.</param>
/// <param name="Detail">What it is, or why it does not stand.</param>
public sealed record Wall(string Name, bool Stands, string Detail);
