using Microsoft.Extensions.Time.Testing;

namespace Mags.Cluster.Tests.Fakes;

/// <summary>
/// A fake time whose wall clock can be set apart from what passes: <see cref="FakeTimeProvider.AdjustTime"/> moves the
/// timestamps too, which no real clock does.
/// </summary>
internal sealed class SettableClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private TimeSpan _offset;

    /// <summary>Sets the wall clock forward, or back.</summary>
    public void Step(TimeSpan by) => _offset += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _offset;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
