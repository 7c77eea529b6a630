namespace Mags.Server.Tests.Fakes;

/// <summary>
/// The real time, but with a wall clock that an administrator, or a time service, sets: what is measured and waited
/// for goes on as it does on a real host.
/// </summary>
internal sealed class SteppedClock : TimeProvider
{
    private long _offsetTicks;

    /// <summary>Sets the clock forward, or back.</summary>
    public void Step(TimeSpan by) => Interlocked.Add(ref _offsetTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _offsetTicks));
}
