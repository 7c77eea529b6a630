using Mags.Machines.Sandboxes;

namespace Mags.Machines.Tests.Sandboxes;

public sealed class UidRangeTests
{
    [Fact]
    public void Take_ManyTimes_GivesDifferentIdsOfTheRange()
    {
        var range = new UidRange("/home/a");

        var taken = Enumerable.Range(0, 100).Select(_ => range.Take()).ToList();

        Assert.Equal(100, taken.Distinct().Count());
        Assert.All(taken, uid => Assert.True(range.Contains(uid)));
    }

    [Fact]
    public void Take_AfterRelease_UsesAnotherIdFirst()
    {
        var range = new UidRange("/home/a");
        var first = range.Take();
        range.Release(first);

        Assert.NotEqual(first, range.Take());
    }

    [Fact]
    public void Take_AllTaken_Refuses()
    {
        var range = new UidRange("/home/a");
        for (var i = 0; i < UidRange.Size; i++)
        {
            range.Take();
        }

        var error = Assert.Throws<MachineException>(() => range.Take());

        Assert.Equal(MachineFault.NoResources, error.Reason);
        range.Release(range.First + 5);
        Assert.Equal(range.First + 5, range.Take());
    }

    [Fact]
    public void Contains_NeighboursOfTheRange_AreNotOurs()
    {
        var range = new UidRange("/home/a");

        Assert.False(range.Contains(range.First - 1));
        Assert.False(range.Contains(range.First + UidRange.Size));
        Assert.False(range.Contains(0));
    }

    [Fact]
    public void First_OtherHome_IsAnotherRange() =>
        Assert.NotEqual(new UidRange("/home/a").First, new UidRange("/home/b").First);
}
