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
}
