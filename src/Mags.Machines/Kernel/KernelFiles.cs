namespace Mags.Machines.Kernel;

/// <summary>The guest kernel as it lies on the host.</summary>
/// <param name="Version">Its release and package version; another build of the kernel has another one.</param>
/// <param name="Vmlinuz">Path of the compressed kernel image, as QEMU's <c>-kernel</c> takes it.</param>
/// <param name="Modules">Paths of the modules that a guest needs, in the order in which they load.</param>
public sealed record KernelFiles(string Version, string Vmlinuz, IReadOnlyList<string> Modules);
