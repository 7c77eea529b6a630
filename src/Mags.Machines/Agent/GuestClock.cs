using Mags.Protocol;

namespace Mags.Machines.Agent;

/// <summary>
/// Keeps a guest's clock right. The time in a claim is late by what a fresh clone needs to come to its senses, up to
/// 100 ms; so the start of its first process brings it again, over the session that is warm by then, and it is set from
/// time to time, for it drifts about a second a day.
/// </summary>
internal static class GuestClock
{
    /// <summary>How often the clock is set again.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <summary>Now, as the protocol wants it. A tick is 100 ns.</summary>
    internal static long Now(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Sets the clock now and then until cancelled; never faults.</summary>
    internal static async Task KeepAsync(AgentChannel channel, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await SetAsync(channel, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The machine has ended.
        }
    }

    private static async Task SetAsync(AgentChannel channel, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var request = new SetClockRequest { UnixTimeNs = Now(time) };
            _ = await channel.Client.SetClockAsync(request, cancellationToken: cancellationToken);
        }
#pragma warning disable CA1031 // A guest's bytes raise what they like, and the machine's end must not fail by it.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // A lost agent is noticed by who runs a process; the next time sets it again.
        }
    }
}
