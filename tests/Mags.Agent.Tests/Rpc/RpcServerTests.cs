using Mags.Agent.Rpc;

namespace Mags.Agent.Tests.Rpc;

public sealed class RpcServerTests
{
    [Fact]
    public void MakeOptions_TimeLimits_StayFarOffWithoutOverflow()
    {
        var limits = RpcServer.MakeOptions().Limits;

        foreach (var limit in new[] { limits.KeepAliveTimeout, limits.RequestHeadersTimeout })
        {
            Assert.InRange(limit, TimeSpan.FromDays(3650), TimeSpan.FromTicks(TimeSpan.MaxValue.Ticks - 1));
            var timestamps = checked((long)(limit.TotalSeconds * TimeProvider.System.TimestampFrequency));
            Assert.InRange(timestamps, 0, long.MaxValue / 2);
        }
    }

    [Fact]
    public void MakeOptions_EveryStreamStalled_FitsHalfTheHeapLimit()
    {
        var limits = RpcServer.MakeOptions().Limits.Http2;
        const int heapLimit = 32 * 1024 * 1024;

        Assert.InRange(
            limits.MaxStreamsPerConnection * limits.InitialStreamWindowSize, 0, limits.InitialConnectionWindowSize);
        Assert.InRange(limits.InitialConnectionWindowSize, 0, heapLimit / 2);
    }
}
