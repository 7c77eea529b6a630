using Mags.Cluster.Nodes;
using Mags.Cluster.Tests.Fakes;

namespace Mags.Cluster.Tests.Nodes;

public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void GetUtcNow_WallClockSetByAnHour_GoesOnAsBefore(int hours)
    {
        var wall = new SettableClock(_start);
        var clock = new SteadyClock(wall);
        wall.Advance(TimeSpan.FromSeconds(10));

        wall.Step(TimeSpan.FromHours(hours));
        wall.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(_start.AddSeconds(15), clock.GetUtcNow());
    }
}
