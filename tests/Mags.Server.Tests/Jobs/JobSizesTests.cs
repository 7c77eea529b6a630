using Mags.Server.Jobs;

namespace Mags.Server.Tests.Jobs;

public sealed class JobSizesTests
{
    private const long Gib = 1024L * 1024 * 1024;

    [Theory]
    [InlineData(1, 16, 1, 8192)]
    [InlineData(6, 24, 4, 8192)]
    [InlineData(64, 256, 64, 131072)]
    [InlineData(2, 0, 2, 128)]
    public void Limits_OfTheHost_AreSizesThatCanBeGiven(int processors, int memoryGib, int maxVcpus, int maxMemoryMib)
    {
        var sizes = new JobSizes(new JobLimitOptions(), processors, memoryGib * Gib);

        Assert.Equal((maxVcpus, maxMemoryMib), (sizes.MaxVcpus, sizes.MaxMemoryMib));
        Assert.Equal(maxVcpus, JobSizes.RoundUp(sizes.MaxVcpus));
        Assert.Equal(maxMemoryMib, JobSizes.RoundUp(sizes.MaxMemoryMib));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(128, 128)]
    [InlineData(129, 256)]
    [InlineData(1025, 2048)]
    public void RoundUp_Asked_IsTheNextPowerOfTwo(int asked, int given) => Assert.Equal(given, JobSizes.RoundUp(asked));
}
