namespace Mags.Cluster.Nodes;

/// <summary>
/// The time as the clock told it when the server started, and what has passed since. The silo lives by it: by a wall
/// clock that is set back it would activate no grain for as long as that, and judge the silence of others wrongly.
/// </summary>
internal sealed class SteadyClock(TimeProvider time) : TimeProvider
{
    /// <summary>Keys of the clocks of a silo's parts.</summary>
    public static readonly IReadOnlyList<string> Parts =
    [
        TimeProviderNames.Grains,
        TimeProviderNames.Messaging,
        TimeProviderNames.SystemTimers,
        TimeProviderNames.Membership,
        TimeProviderNames.ActivationManagement,
        TimeProviderNames.GrainDirectory,
    ];

    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly long _began = time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _started + time.GetElapsedTime(_began);

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
