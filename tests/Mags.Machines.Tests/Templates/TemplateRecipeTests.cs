using Mags.Machines.Acceleration;
using Mags.Machines.Templates;

namespace Mags.Machines.Tests.Templates;

public sealed class TemplateRecipeTests
{
    private static readonly TemplateRecipe _recipe = new()
    {
        ImageDigest = "sha256:1",
        ImagePath = "/images/1.squashfs",
        Size = new MachineSize(2, 512),
        Accelerator = AcceleratorKind.Tcg,
        KernelVersion = "6.1",
        KernelPath = "/kernel/vmlinuz",
        InitramfsPath = "/initramfs/abc.cpio",
        QemuVersion = "7.2",
        CpuModel = "cpu",
        TscKhz = 2_000_000,
    };

    public static TheoryData<string> Differences =>
        ["image", "vcpus", "memory", "accelerator", "kernel", "initramfs", "qemu", "cpu", "clock", "addresses"];

    [Theory]
    [MemberData(nameof(Differences))]
    public void Key_AnyPartDiffers_IsAnother(string part)
    {
        var other = part switch
        {
            "image" => _recipe with { ImageDigest = "sha256:2" },
            "vcpus" => _recipe with { Size = new MachineSize(1, 512) },
            "memory" => _recipe with { Size = new MachineSize(2, 1024) },
            "accelerator" => _recipe with { Accelerator = AcceleratorKind.Kvm },
            "kernel" => _recipe with { KernelVersion = "6.2" },
            "initramfs" => _recipe with { InitramfsPath = "/initramfs/def.cpio" },
            "qemu" => _recipe with { QemuVersion = "7.3" },
            "cpu" => _recipe with { CpuModel = "other" },
            "addresses" => _recipe with { RandomAddresses = true },
            _ => _recipe with { TscKhz = 2_000_001 },
        };

        Assert.NotEqual(_recipe.Key, other.Key);
    }

    [Fact]
    public void Key_SameContentElsewhere_IsTheSame() =>
        Assert.Equal(
            _recipe.Key,
            (_recipe with { ImagePath = "/b/1.squashfs", KernelPath = "/b/vmlinuz", InitramfsPath = "/b/abc.cpio" }).Key);

    [Fact]
    public void KernelCommandLine_Tcg_TellsClockAndProcessors() =>
        Assert.Equal(
            "console=ttyS0 quiet reboot=t panic=-1 8250.nr_uarts=1 tsc=reliable tsc_early_khz=2000000"
            + " cpuidle.off=1 nowatchdog nr_cpus=2 norandmaps",
            _recipe.KernelCommandLine);

    [Fact]
    public void KernelCommandLine_TcgWithRandomAddresses_LeavesThemToTheKernel() =>
        Assert.DoesNotContain(
            "norandmaps", (_recipe with { RandomAddresses = true }).KernelCommandLine, StringComparison.Ordinal);

    [Fact]
    public void KernelCommandLine_Kvm_LeavesIdlingToTheKernel() =>
        Assert.Equal(
            "console=ttyS0 quiet reboot=t panic=-1 8250.nr_uarts=1 tsc=reliable tsc_early_khz=2000000",
            (_recipe with { Accelerator = AcceleratorKind.Kvm }).KernelCommandLine);
}
