using System.Globalization;
using Mags.Machines.Templates;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Templates;

public sealed class HostClockTests
{
    [Fact]
    public async Task MeasureAsync_MeasuredBefore_GivesTheSameNumberAgain()
    {
        using var folder = new TemporaryFolder();
        var clock = new HostClock(folder.AsHome(), TimeProvider.System);

        var first = await clock.MeasureAsync(TestContext.Current.CancellationToken);
        var second = await clock.MeasureAsync(TestContext.Current.CancellationToken);

        Assert.InRange(first, 500_000, 10_000_000);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task MeasureAsync_RecordOfAnotherHost_IsReplaced()
    {
        using var folder = new TemporaryFolder();
        var home = folder.AsHome();
        await File.WriteAllTextAsync(home.ClockRecord, "1000", TestContext.Current.CancellationToken);

        var measured = await new HostClock(home, TimeProvider.System).MeasureAsync(TestContext.Current.CancellationToken);

        Assert.InRange(measured, 500_000, 10_000_000);
        Assert.Equal(measured.ToString(CultureInfo.InvariantCulture), await File.ReadAllTextAsync(
            home.ClockRecord, TestContext.Current.CancellationToken));
    }
}
