using Mags.Cluster.Nodes;

namespace Mags.Cluster.Jobs.Admission;

/// <summary>
/// What memory allows on this node, by two measures: what running jobs may use at most in all, against the node's
/// memory times the overcommit; and what is really free, so that no start drives the node into swapping or the
/// kernel into killing. Not safe for threads.
/// </summary>
internal sealed class MemoryBudget(JobOptions options)
{
    private const long BytesPerMib = 1024 * 1024;
    private const int ReservedPart = 16;
    private const long LeastReserveMib = 256;

    private long _promised;
    private long _starting;

    /// <summary>Most that a machine of this size may use, with its hypervisor.</summary>
    public long SizeOf(int memoryMib) => (memoryMib + (long)options.MachineOverheadMib) * BytesPerMib;

    /// <summary>Whether the node, having this memory, may promise this much more.</summary>
    /// <remarks>One that is alone always fits: more than the whole node it will never get.</remarks>
    public bool MayPromise(AdmissionTicket ticket, MemoryReading now) =>
        _promised == 0
        || _promised + ticket.MemoryBytes <= now.TotalBytes * options.MemoryOvercommit;

    /// <summary>Bytes that must become free before a machine may start; 0 or less when it may now.</summary>
    public long Missing(AdmissionTicket ticket, MemoryReading now)
    {
        var reserve = options.MemoryReserveMib * BytesPerMib
            ?? Math.Max(now.TotalBytes / ReservedPart, LeastReserveMib * BytesPerMib);
        return reserve + _starting + Expected(ticket) - now.AvailableBytes;
    }

    /// <summary>A job got its place.</summary>
    public void Take(AdmissionTicket ticket)
    {
        _promised += ticket.MemoryBytes;
        _starting += Expected(ticket);
    }

    /// <summary>Its machine is there: the node's free memory tells what it takes.</summary>
    public void Settle(AdmissionTicket ticket) => _starting -= Expected(ticket);

    /// <summary>Its machine is gone.</summary>
    public void GiveBack(AdmissionTicket ticket) => _promised -= ticket.MemoryBytes;

    private long Expected(AdmissionTicket ticket) =>
        Math.Min(ticket.MemoryBytes, options.MachineExpectedMib * BytesPerMib);
}
