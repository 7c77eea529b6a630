using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mags.Machines.Acceleration;
using Mags.Machines.Qemu;

namespace Mags.Machines.Templates;

/// <summary>Everything that a template is made from. A template is used only while all of it is still the same.</summary>
internal sealed record TemplateRecipe
{
    internal required string ImageDigest { get; init; }

    internal required string ImagePath { get; init; }

    internal required MachineSize Size { get; init; }

    internal required AcceleratorKind Accelerator { get; init; }

    internal required string KernelVersion { get; init; }

    internal required string KernelPath { get; init; }

    /// <summary>Path of the initramfs; its name is the digest of agent and modules.</summary>
    internal required string InitramfsPath { get; init; }

    internal required string QemuVersion { get; init; }

    internal required string CpuModel { get; init; }

    internal required long TscKhz { get; init; }

    /// <summary>Whether a guest places its programs at random addresses under TCG, as it does under KVM.</summary>
    internal bool RandomAddresses { get; init; }

    /// <summary>Names the template: another recipe has another key.</summary>
    internal string Key
    {
        get
        {
            string[] parts =
            [
                QemuCommandLine.Revision.ToString(CultureInfo.InvariantCulture), ImageDigest,
                Size.Vcpus.ToString(CultureInfo.InvariantCulture), Size.MemoryMib.ToString(CultureInfo.InvariantCulture),
                Accelerator.Name(), KernelVersion, Path.GetFileName(InitramfsPath), QemuVersion, CpuModel,
                KernelCommandLine, string.Join('\n', WarmUp.Commands),
            ];
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts)));
            return Convert.ToHexStringLower(hash.AsSpan(0, 16));
        }
    }

    /// <summary>
    /// The guest kernel's command line. <c>reboot=t panic=-1</c>: a reboot and a panic end the machine at once, which the
    /// host sees. The time stamp counter's rate is given because measuring it hangs the boot on a busy host.
    /// <c>norandmaps</c>: QEMU finds a translation by its virtual address too, so each exec of a program that lies
    /// elsewhere than before translates it anew, which makes it three to four times as slow.
    /// </summary>
    internal string KernelCommandLine
    {
        get
        {
            var common = string.Create(
                CultureInfo.InvariantCulture,
                $"console=ttyS0 quiet reboot=t panic=-1 8250.nr_uarts=1 tsc=reliable tsc_early_khz={TscKhz}");
            if (Accelerator != AcceleratorKind.Tcg)
            {
                return common;
            }

            var addresses = RandomAddresses ? "" : " norandmaps";
            return string.Create(
                CultureInfo.InvariantCulture, $"{common} cpuidle.off=1 nowatchdog nr_cpus={Size.Vcpus}{addresses}");
        }
    }
}
