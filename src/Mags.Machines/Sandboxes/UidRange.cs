using System.Security.Cryptography;
using System.Text;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// User ids for hypervisors, one for each machine, so that none can touch another's process or files. The range lies
/// high, where neither accounts nor subordinate id ranges are, and is chosen by the home: servers of different homes on
/// one host do not share ids.
/// </summary>
internal sealed class UidRange
{
    private const uint Base = 0x7000_0000;
    private const uint Ranges = 1 << 14;

    private readonly Lock _lock = new();
    private readonly HashSet<uint> _used = [];
    private uint _next;

    internal UidRange(string home)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(home));
        First = Base + (BitConverter.ToUInt32(hash) % Ranges * Size);
    }

    /// <summary>How many ids a range has.</summary>
    internal static uint Size => 1 << 13;

    /// <summary>Lowest id of the range.</summary>
    internal uint First { get; }

    /// <summary>Whether an id belongs to this range.</summary>
    internal bool Contains(uint uid) => uid - First < Size;

    /// <summary>Takes an id that no living machine has, the longest unused first.</summary>
    /// <exception cref="MachineException">All are taken.</exception>
    internal uint Take()
    {
        lock (_lock)
        {
            for (var i = 0u; i < Size; i++)
            {
                var uid = First + ((_next + i) % Size);
                if (_used.Add(uid))
                {
                    _next = (uid - First + 1) % Size;
                    return uid;
                }
            }
        }

        throw new MachineException(MachineFault.NoResources, $"All {Size} user ids for machines are in use.");
    }

    /// <summary>Gives an id back.</summary>
    internal void Release(uint uid)
    {
        lock (_lock)
        {
            _ = _used.Remove(uid);
        }
    }
}
