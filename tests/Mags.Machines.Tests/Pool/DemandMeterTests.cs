using Mags.Machines.Pool;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Machines.Tests.Pool;

public sealed class DemandMeterTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly DemandMeter _meter;

    public DemandMeterTests() => _meter = new DemandMeter(_time, TimeSpan.FromMinutes(10));

    [Fact]
    public void Peak_NoClaim_IsZero() => Assert.Equal(0, _meter.Peak());

    [Fact]
    public void Peak_OneAfterTheOther_IsOne()
    {
        for (var i = 0; i < 5; i++)
        {
            _meter.Add();
            _time.Advance(DemandMeter.Burst + TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, _meter.Peak());
    }

    [Fact]
    public void Peak_Burst_IsItsSizeUntilItIsForgotten()
    {
        for (var i = 0; i < 7; i++)
        {
            _meter.Add();
        }

        _time.Advance(TimeSpan.FromMinutes(9));
        _meter.Add();
        Assert.Equal(7, _meter.Peak());

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, _meter.Peak());
    }
}
