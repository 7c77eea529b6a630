using Mags.Cluster.Nodes;
using Mags.Data.Jobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs.Admission;

/// <summary>
/// Decides which waiting job runs next on this node, and when: users in turn, within a user the oldest, as long as
/// places and memory are there. It looks again whenever a job comes, ends or is stopped. Only for memory that others
/// free, and for the end of a hold, there is no event: then a timer looks.
/// </summary>
internal sealed partial class NodeAdmission : IAsyncDisposable
{
    private static readonly TimeSpan _memoryLook = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly FairQueue _queue = new();
    private readonly HashSet<Guid> _expected = [];
    private readonly JobOptions _options;
    private readonly MemoryBudget _budget;
    private readonly INodeMemory _memory;
    private readonly MemoryRelief _relief;
    private readonly TimeProvider _time;
    private readonly ILogger<NodeAdmission> _logger;
    private readonly ITimer _timer;
    private int _places;
    private bool _open;
    private volatile bool _closed;
    private bool _saidShort;

    public NodeAdmission(
        IOptions<JobOptions> options,
        INodeMemory memory,
        MemoryRelief relief,
        TimeProvider time,
        ILogger<NodeAdmission> logger)
    {
        (_options, _memory, _relief, _time, _logger) = (options.Value, memory, relief, time, logger);
        _budget = new MemoryBudget(_options);
        _places = _options.MaxRunning;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>False once it is closed.</summary>
    public bool Accepts => !_closed;

    /// <summary>Keeps room in the queue for a job that is being accepted.</summary>
    /// <returns>False when too many wait.</returns>
    public bool TryExpect(Guid jobId)
    {
        lock (_gate)
        {
            return _expected.Count + _queue.Count < _options.MaxPending && _expected.Add(jobId);
        }
    }

    /// <summary>The job will not come, or is here already.</summary>
    public void Forget(Guid jobId)
    {
        lock (_gate)
        {
            _expected.Remove(jobId);
        }
    }

    /// <summary>Queues a job.</summary>
    /// <param name="job">The job, pending.</param>
    /// <param name="stopped">Cancelled when the job or the server is stopped.</param>
    public AdmissionTicket Enqueue(JobRow job, CancellationToken stopped)
    {
        var ticket = new AdmissionTicket(this, job.Id, job.UserId, _budget.SizeOf(job.MemoryMib));
        lock (_gate)
        {
            _expected.Remove(job.Id);
            _queue.Add(ticket);
        }

        ticket.LeaveWhen(stopped);
        Look();
        return ticket;
    }

    /// <summary>Begins to let jobs in: what the last run of the server left is queued, whatever order it came in.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _open = true;
            _queue.SortTurns();
        }

        Look();
    }

    /// <summary>Lets nobody in any more: the server stops.</summary>
    public void Close()
    {
        lock (_gate)
        {
            (_open, _closed) = (false, true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _timer.DisposeAsync();
    }

    /// <summary>Lets in who may go in now.</summary>
    internal void Look()
    {
        lock (_gate)
        {
            var again = Timeout.InfiniteTimeSpan;
            while (_open && NextToRun(ref again) is { } ticket)
            {
                _queue.Take(ticket);
                _places--;
                _budget.Take(ticket);
                ticket.State = AdmissionState.Starting;
                ticket.Admit();
            }

            _timer.Change(again, Timeout.InfiniteTimeSpan);
        }
    }

    internal void Settle(AdmissionTicket ticket)
    {
        lock (_gate)
        {
            if (ticket.State == AdmissionState.Starting)
            {
                ticket.State = AdmissionState.Running;
                _budget.Settle(ticket);
            }
        }
    }

    internal void Leave(AdmissionTicket ticket)
    {
        lock (_gate)
        {
            if (ticket.State != AdmissionState.Waiting)
            {
                return;
            }

            ticket.State = AdmissionState.Gone;
            _queue.Remove(ticket);
            ticket.Cancel();
        }

        Look();
    }

    internal void Release(AdmissionTicket ticket)
    {
        Leave(ticket);
        Settle(ticket);
        lock (_gate)
        {
            if (ticket.State != AdmissionState.Running)
            {
                return;
            }

            ticket.State = AdmissionState.Gone;
            _places++;
            _budget.GiveBack(ticket);
        }

        Look();
    }

    /// <param name="again">When to look again if nothing happens until then.</param>
    private AdmissionTicket? NextToRun(ref TimeSpan again)
    {
        if (_places == 0 || _queue.Count == 0)
        {
            return null;
        }

        var now = _memory.Read();
        foreach (var ticket in _queue.Heads)
        {
            if (_budget.MayPromise(ticket, now))
            {
                return IsMemoryFree(ticket, now, ref again) ? ticket : null;
            }

            var (holds, left) = Hold(ticket);
            again = again == Timeout.InfiniteTimeSpan || left < again ? left : again;
            if (holds)
            {
                return null;
            }
        }

        return null;
    }

    private bool IsMemoryFree(AdmissionTicket ticket, MemoryReading now, ref TimeSpan again)
    {
        var missing = _budget.Missing(ticket, now);
        if (missing <= 0)
        {
            _saidShort = false;
            return true;
        }

        if (!_saidShort)
        {
            _saidShort = true;
            LogShort(_queue.Count, missing >> 20);
        }

        again = _memoryLook;
        _relief.Ask(missing, Look);
        return false;
    }

    /// <summary>Whether one that is too big for what is left holds back the others, and how long this stays so.</summary>
    private (bool Holds, TimeSpan Left) Hold(AdmissionTicket ticket)
    {
        var phase = TimeSpan.FromSeconds(_options.HoldBackSeconds);
        var waited = _time.GetElapsedTime(ticket.BlockedSince ??= _time.GetTimestamp());
        return (waited.Ticks / phase.Ticks % 2 == 0, TimeSpan.FromTicks(phase.Ticks - (waited.Ticks % phase.Ticks)));
    }

    [LoggerMessage(LogLevel.Warning, "{Count} jobs wait for memory: {Mib} MiB of the node's must become free")]
    private partial void LogShort(int count, long mib);
}
