using Mags.Agent.Sandbox;

namespace Mags.Agent.Tests.Sandbox;

public sealed class SandboxLimitsTests
{
    [Theory]
    [InlineData(93_924, 45_000, 1024, 896, 36_808)] // 128 MiB as the kernel leaves it
    [InlineData(995_744, 900_000, 3889, 3403, 867_232)]
    [InlineData(16_000_000, 15_000_000, 32_768, 28_672, 14_967_232)]
    public void Of_MachinesMemory_LeavesTheAgentItsOwn(
        long totalKib, long availableKib, long processes, long scriptProcesses, long memoryKib)
    {
        var limits = SandboxLimits.Of(
            $"MemTotal:       {totalKib} kB\nMemFree:        1 kB\nMemAvailable:   {availableKib} kB\nBuffers: 0 kB\n");

        Assert.Equal(new SandboxLimits(processes, scriptProcesses, memoryKib * 1024), limits);
    }

    [Fact]
    public void Of_NothingKnown_Throws() => Assert.Throws<IOException>(() => SandboxLimits.Of(""));
}
