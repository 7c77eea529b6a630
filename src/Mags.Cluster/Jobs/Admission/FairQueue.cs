namespace Mags.Cluster.Jobs.Admission;

/// <summary>
/// Waiting jobs: the users take turns, and each user's jobs keep the order of their acceptance, which is that of
/// their ids. Not safe for threads.
/// </summary>
internal sealed class FairQueue
{
    private static readonly Comparer<AdmissionTicket> _byAge =
        Comparer<AdmissionTicket>.Create((left, right) => left.JobId.CompareTo(right.JobId));

    private readonly Dictionary<Guid, SortedSet<AdmissionTicket>> _lines = [];
    private LinkedList<Guid> _turns = new();

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Each user's oldest job, in the order of the users' turns.</summary>
    public IEnumerable<AdmissionTicket> Heads => _turns.Select(user => _lines[user].Min!);

    /// <summary>A user that did not wait before comes after those who do.</summary>
    public void Add(AdmissionTicket ticket)
    {
        if (!_lines.TryGetValue(ticket.UserId, out var line))
        {
            _lines.Add(ticket.UserId, line = new SortedSet<AdmissionTicket>(_byAge));
            _turns.AddLast(ticket.UserId);
        }

        if (!line.Add(ticket))
        {
            throw new InvalidOperationException($"job {ticket.JobId} waits already");
        }

        Count++;
    }

    /// <summary>Takes one that has its turn out: its user's next turn comes after all others'.</summary>
    public void Take(AdmissionTicket ticket)
    {
        Remove(ticket);
        if (_turns.Remove(ticket.UserId))
        {
            _turns.AddLast(ticket.UserId);
        }
    }

    /// <summary>Takes one out that will not run; its user keeps its turn for the next one.</summary>
    public void Remove(AdmissionTicket ticket)
    {
        var line = _lines[ticket.UserId];
        if (!line.Remove(ticket))
        {
            throw new InvalidOperationException($"job {ticket.JobId} does not wait");
        }

        Count--;
        if (line.Count == 0)
        {
            _lines.Remove(ticket.UserId);
            _turns.Remove(ticket.UserId);
        }
    }

    /// <summary>Gives the first turn to the user whose job waits longest, and so on.</summary>
    public void SortTurns() => _turns = new LinkedList<Guid>(_turns.OrderBy(user => _lines[user].Min!.JobId));
}
