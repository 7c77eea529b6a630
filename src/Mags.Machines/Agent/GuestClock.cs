namespace Mags.Machines.Agent;

/// <summary>The host's clock, as guests are told it.</summary>
internal static class GuestClock
{
    /// <summary>Now, as the protocol wants it. A tick is 100 ns.</summary>
    internal static long Now(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
