using Mags.Machines;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Watches over a running script from outside the guest: a guest is never trusted to end it in time, or to say that
/// it is gone.
/// </summary>
internal sealed class ScriptWatch : IAsyncDisposable
{
    /// <summary>The machine's own stream should end by itself with its machine; this is how long it may take.</summary>
    private static readonly TimeSpan _endGrace = TimeSpan.FromSeconds(2);

    /// <summary>Longest delay that a timer takes.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly IMachine _machine;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopped;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _giveUp;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;
    private readonly long _began;

    private ScriptWatch(IMachine machine, TimeSpan? deadline, TimeProvider time, CancellationToken stopped)
    {
        (_machine, _time, _stopped) = (machine, time, stopped);
        _deadline = deadline is { } delay && delay <= _longest
            ? new CancellationTokenSource(delay, time)
            : new CancellationTokenSource();
        _giveUp = CancellationTokenSource.CreateLinkedTokenSource(stopped, _deadline.Token);
        _began = time.GetTimestamp();
        _watching = WatchAsync();
    }

    /// <summary>Cancelled when there is nothing to wait for any more.</summary>
    public CancellationToken GiveUp => _giveUp.Token;

    /// <summary>Begins to watch.</summary>
    /// <param name="machine">The machine that runs the script.</param>
    /// <param name="deadline">When the script is given up; null is never.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopped">Cancelled when the job or the server is stopped.</param>
    public static ScriptWatch Begin(
        IMachine machine, TimeSpan? deadline, TimeProvider time, CancellationToken stopped) =>
        new(machine, deadline, time, stopped);

    /// <summary>Why the script was lost.</summary>
    /// <param name="fault">What the machine's stream threw, if it did.</param>
    public async Task<JobOutcome> ReasonAsync(MachineException? fault = null)
    {
        if (_stopped.IsCancellationRequested)
        {
            return new JobOutcome { CutOff = true };
        }

        if (_deadline.IsCancellationRequested)
        {
            return new JobOutcome { TimedOut = true, Duration = _time.GetElapsedTime(_began) };
        }

        // A machine that ended says how, in better words than the stream that broke with it.
        await Task.WhenAny(_machine.Ended, Task.Delay(_endGrace, _time, _stopped));
        return _machine.Ended.IsCompletedSuccessfully
            ? new JobOutcome { Fault = (await _machine.Ended).Message }
            : new JobOutcome { Fault = fault?.Message ?? "the sandbox does not answer any more" };
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
        _over.Dispose();
        _giveUp.Dispose();
        _deadline.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await _machine.Ended.WaitAsync(_over.Token);
            await Task.Delay(_endGrace, _time, _over.Token);
            await _giveUp.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The script is over: nothing to watch.
        }
    }
}
