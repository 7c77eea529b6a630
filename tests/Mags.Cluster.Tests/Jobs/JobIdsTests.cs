using Mags.Cluster.Jobs;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Cluster.Tests.Jobs;

public sealed class JobIdsTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public void Next_ManyInOneMillisecond_EachIsHigherThanTheOneBefore()
    {
        var ids = new JobIds(_time);

        var made = Enumerable.Range(0, 10_000).Select(_ => ids.Next()).ToList();

        Assert.Equal(made.Order(), made);
        Assert.Equal(made.Count, made.Distinct().Count());
        Assert.All(made, id => Assert.Equal((7, 2), (id.Version, id.Variant >> 2)));
    }

    [Fact]
    public void Next_ClockIsRight_HoldsItsTime()
    {
        var id = new JobIds(_time).Next();

        Assert.Equal(Guid.CreateVersion7(_time.GetUtcNow()).ToString()[..13], id.ToString()[..13]);
    }

    [Fact]
    public void Next_ClockSetBackByAnHour_IsStillHigher()
    {
        var ids = new JobIds(_time);
        var before = ids.Next();

        _time.AdjustTime(_time.GetUtcNow().AddHours(-1));

        Assert.True(ids.Next() > before);
    }

    [Fact]
    public void GoOnAfter_IdOfAnEarlierRun_IsBelowAllThatFollow()
    {
        var earlier = new JobIds(_time).Next();
        _time.AdjustTime(_time.GetUtcNow().AddHours(-1));
        var ids = new JobIds(_time);

        ids.GoOnAfter(earlier);

        Assert.True(ids.Next() > earlier);
    }
}
