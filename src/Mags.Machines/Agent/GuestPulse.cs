using Mags.Protocol;

namespace Mags.Machines.Agent;

/// <summary>
/// Asks a running guest's agent from time to time whether it is there, and keeps its clock right, which drifts about a
/// second a day. A session whose other end does not answer is ended, so that whoever waits in a call hears of it.
/// </summary>
internal static class GuestPulse
{
    /// <summary>How often it is asked, and how long it may take.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>How often the clock is set.</summary>
    internal static readonly TimeSpan ClockInterval = TimeSpan.FromMinutes(10);

    /// <summary>Asks until cancelled; never faults.</summary>
    internal static async Task KeepAsync(AgentChannel channel, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var clockSet = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var setsClock = time.GetElapsedTime(clockSet) >= ClockInterval;
                if (await AskAsync(channel, setsClock, time, cancellationToken) && setsClock)
                {
                    clockSet = time.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The machine has ended.
        }
    }

    /// <returns>Whether it answered.</returns>
    private static async Task<bool> AskAsync(
        AgentChannel channel, bool setsClock, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(Interval, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            if (setsClock)
            {
                var now = new SetClockRequest { UnixTimeNs = GuestClock.Now(time) };
                _ = await channel.Client.SetClockAsync(now, cancellationToken: limit.Token);
            }
            else
            {
                _ = await channel.Client.HelloAsync(new HelloRequest(), cancellationToken: limit.Token);
            }

            return true;
        }
#pragma warning disable CA1031 // A guest's bytes raise what they like, and the machine's end must not fail by it.
        catch (Exception)
#pragma warning restore CA1031
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (timer.IsCancellationRequested)
            {
                channel.HangUp();
            }

            // What broke is noticed by who runs a process; the next time dials anew.
            return false;
        }
    }
}
