using Mags.Machines.Acceleration;
using Mags.Machines.Disks;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Qemu;

/// <summary>What one QEMU process is made of. Handles are passed on to it and stay the caller's.</summary>
internal sealed record QemuSetup
{
    /// <summary>Text in its command line by which a later server of the same home finds it; see the reclaimer.</summary>
    internal required string Marker { get; init; }

    internal required AcceleratorKind Accelerator { get; init; }

    internal required MachineSize Size { get; init; }

    /// <summary>The guest's memory: written by a boot, mapped privately by a restore.</summary>
    internal required SafeFileHandle Memory { get; init; }

    /// <summary>The image, shown read-only as <c>vda</c>.</summary>
    internal required SafeFileHandle Image { get; init; }

    /// <summary>
    /// The writable disk, <c>vdb</c>, over a blank; null for an empty one that nothing may use, as in a template.
    /// </summary>
    internal WritableDisk? Disk { get; init; }

    /// <summary>The guest's end of its wire, a stream socket; null for an interface that leads nowhere, as in a template.</summary>
    internal SafeFileHandle? Network { get; init; }

    /// <summary>
    /// Room for translated code under TCG, in MiB. QEMU's own default is a gibibyte, which a guest can make it fill.
    /// </summary>
    internal int TranslationMib { get; init; } = 256;

    /// <summary>How fast the writable disk may be.</summary>
    internal DiskThrottle Throttle { get; init; } = DiskThrottle.None;

    /// <summary>What to boot; null to restore a saved state instead.</summary>
    internal BootFiles? Boot { get; init; }
}

/// <summary>What a guest is booted from.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Initramfs">The initramfs.</param>
/// <param name="CommandLine">The kernel's command line.</param>
/// <param name="Console">Where the serial console is written.</param>
internal sealed record BootFiles(
    SafeFileHandle Kernel, SafeFileHandle Initramfs, string CommandLine, SafeFileHandle Console);
