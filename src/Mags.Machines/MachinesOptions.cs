using System.ComponentModel.DataAnnotations;

namespace Mags.Machines;

/// <summary>Settings of this node's machines.</summary>
public sealed class MachinesOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Machines";

    /// <summary>Folder for kernel, images, templates and machines. Set from <c>MAGS_HOME</c>.</summary>
    [Required]
    public string Home { get; set; } = "";

    /// <summary>
    /// <c>auto</c> (default) probes KVM once and falls back to TCG; <c>kvm</c> or <c>tcg</c> insists. Set from
    /// <c>MAGS_ACCEL</c>.
    /// </summary>
    [RegularExpression("^(auto|kvm|tcg)$")]
    public string Accelerator { get; set; } = "auto";

    /// <summary>Image used when a job names none. Default <c>debian</c>.</summary>
    [Required]
    public string DefaultImage { get; set; } = "debian";

    /// <summary>Folder of the image recipes, one folder each. Default <c>images</c> beside the program.</summary>
    [Required]
    public string RecipeFolder { get; set; } = Path.Combine(AppContext.BaseDirectory, "images");

    /// <summary>The guest's agent, a static program. Default <c>mags-agent</c> beside the program.</summary>
    [Required]
    public string AgentPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "mags-agent");

    /// <summary>
    /// The launcher that puts hypervisors behind their walls, a static program. Default <c>mags-jail</c> beside the
    /// program.
    /// </summary>
    [Required]
    public string JailPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "mags-jail");

    /// <summary>
    /// How long one boot of a template may take, in seconds; then it is ended and tried again. Default 60. Lower
    /// fails sooner on a host that hangs guests, too low fails on a busy one.
    /// </summary>
    [Range(5, 600)]
    public int BootDeadlineSeconds { get; set; } = 60;

    /// <summary>
    /// How long the KVM probe may take in all, in seconds, before TCG is used. Default 15. Paid once for each
    /// combination of host kernel, QEMU and CPU.
    /// </summary>
    [Range(1, 300)]
    public int ProbeDeadlineSeconds { get; set; } = 15;

    /// <summary>How often a template's boot is tried. Default 3.</summary>
    [Range(1, 10)]
    public int BootAttempts { get; set; } = 3;

    /// <summary>
    /// Whether a guest under TCG places its programs at random addresses (ASLR), as one under KVM always does. Default
    /// false: each start of a program takes three to four times as long with it. A guest's root can turn it on for its
    /// own sandbox with <c>sysctl kernel.randomize_va_space=2</c>. No wall of a sandbox rests on it.
    /// </summary>
    public bool TcgRandomAddresses { get; set; }

    /// <summary>
    /// How long a restore and claim may take, in seconds, before the machine is given up. Default 30. A busy host
    /// needs more.
    /// </summary>
    [Range(1, 300)]
    public int ClaimDeadlineSeconds { get; set; } = 30;

    /// <summary>
    /// Templates (one for each image and size in use) that are kept at most. Default 16. Each is about 130 MB of memory
    /// and of disk; past the limit the least used one goes, and a job that wants it again waits for its boot.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxTemplates { get; set; } = 16;

    /// <summary>
    /// Memory of a machine's cgroup above twice its guest's (its own pages and those of the template that it touches
    /// first), in MiB: QEMU, its translations, caches of the disk. Default 512.
    /// Too low ends machines that run much different code; higher lets each take more from the host.
    /// </summary>
    [Range(128, 16384)]
    public int HypervisorMemoryMib { get; set; } = 512;

    /// <summary>
    /// Processor time that a machine may use above its virtual processors', in percent of one processor: QEMU's own
    /// threads move data. Default 50. Lower slows disk and output of a busy guest.
    /// </summary>
    [Range(10, 1600)]
    public int HypervisorCpuPercent { get; set; } = 50;

    /// <summary>
    /// Processes and threads that a machine may have on the host. Default 256; QEMU needs one for each virtual
    /// processor, up to 64 for its disk, and a few. The guest's processes are none of the host's.
    /// </summary>
    [Range(96, 4096)]
    public int HypervisorProcesses { get; set; } = 256;

    /// <summary>
    /// Largest disk that a machine may have, in GiB: no hypervisor writes a larger file. Default 64; the server raises
    /// it to what jobs may ask for.
    /// </summary>
    [Range(1, 65536)]
    public int LargestDiskGb { get; set; } = 64;

    /// <summary>
    /// Speed of a machine's writable disk in the long run, reads and writes together, in MiB per second. Default 200;
    /// 0 is no limit. Higher lets one machine slow the others' disks more.
    /// </summary>
    [Range(0, 100_000)]
    public int DiskMibPerSecond { get; set; } = 200;

    /// <summary>
    /// Requests of a machine to its writable disk in the long run, per second. Default 20000; 0 is no limit.
    /// </summary>
    [Range(0, 10_000_000)]
    public int DiskIops { get; set; } = 20_000;

    /// <summary>
    /// How many times faster than in the long run the disk may be for <see cref="DiskBurstSeconds"/>. Default 4; 1 is
    /// no burst.
    /// </summary>
    [Range(1, 100)]
    public int DiskBurstFactor { get; set; } = 4;

    /// <summary>How long the disk may be faster, in seconds. Default 10. Longer favours short jobs over many.</summary>
    [Range(1, 600)]
    public int DiskBurstSeconds { get; set; } = 10;
}
