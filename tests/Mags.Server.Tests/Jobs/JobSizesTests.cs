using Mags.Server.Jobs;

namespace Mags.Server.Tests.Jobs;

public sealed class JobSizesTests
{
    private const long Gib = 1024L * 1024 * 1024;

    [Theory]
    [InlineData(1, 16, 1, 8192)]
    [InlineData(6, 24, 6, 12288)]
    [InlineData(64, 256, 64, 131072)]
    [InlineData(2, 0, 2, 128)]
    public void Limits_AreTheHostsProcessorsAndHalfItsMemory(int processors, int memoryGib, int maxVcpus, int maxMemoryMib)
    {
        var sizes = new JobSizes(new JobLimitOptions(), processors, memoryGib * Gib);

        Assert.Equal((maxVcpus, maxMemoryMib), (sizes.MaxVcpus, sizes.MaxMemoryMib));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(5, 6)]
    [InlineData(6, 6)]
    public void VcpusFor_Asked_IsTheNextPowerOfTwoOrTheLimit(int asked, int given) =>
        Assert.Equal(given, new JobSizes(new JobLimitOptions(), 6, 24 * Gib).VcpusFor(asked));

    [Theory]
    [InlineData(128, 128)]
    [InlineData(129, 256)]
    [InlineData(1025, 2048)]
    [InlineData(8193, 12032)]
    [InlineData(12032, 12032)]
    public void MemoryMibFor_Asked_IsTheNextPowerOfTwoOrTheLimit(int asked, int given) =>
        Assert.Equal(given, new JobSizes(new JobLimitOptions { MaxMemoryMib = 12100 }, 6, 24 * Gib).MemoryMibFor(asked));

    [Fact]
    public void Nothing_Asked_IsTheDefaultOrWhatTheHostHas()
    {
        var sizes = new JobSizes(new JobLimitOptions { DefaultVcpus = 3 }, 2, 1 * Gib);

        Assert.Equal((2, 512), (sizes.VcpusFor(asked: null), sizes.MemoryMibFor(asked: null)));
    }
}
