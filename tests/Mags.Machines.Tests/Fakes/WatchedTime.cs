using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Machines.Tests.Fakes;

/// <summary>A clock that the test sets, and that tells how many waits hang on it.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Channel<int> _changes = Channel.CreateUnbounded<int>();
    private int _waiting;

    /// <summary>Waits until so many wait for a time to come.</summary>
    public async Task UntilWaitingAsync(int count, CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _waiting) != count)
        {
            _ = await _changes.Reader.ReadAsync(cancellationToken);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(base.CreateTimer(callback, state, dueTime, period), this);
        Change(1);
        return timer;
    }

    private void Change(int by) => _changes.Writer.TryWrite(Interlocked.Add(ref _waiting, by));

    private sealed class Timer(ITimer timer, WatchedTime time) : ITimer
    {
        private int _isOver;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            timer.Dispose();
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                time.Change(-1);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
