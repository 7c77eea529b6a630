using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mags.Cluster.Jobs;

/// <summary>
/// Makes the ids of jobs: version 7 UUIDs that rise with every job, also within a millisecond, and also when the clock
/// is set back. Their order is the order of acceptance. (RFC 9562, 6.2: a counter of fixed length.)
/// </summary>
public sealed class JobIds(TimeProvider time)
{
    private const int Length = 16;
    private const int MaxCounter = 0xFFF;
    private const int CounterAt = 6;
    private const int VariantAt = 8;
    private readonly Lock _gate = new();
    private long _milliseconds;
    private int _counter;

    /// <summary>The next id; higher than every one before.</summary>
    public Guid Next()
    {
        var (milliseconds, counter) = Step();
        Span<byte> bytes = stackalloc byte[Length];
        RandomNumberGenerator.Fill(bytes);
        Span<byte> whole = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(whole, milliseconds);
        whole[2..].CopyTo(bytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[CounterAt..], (ushort)(0x7000 | counter));
        bytes[VariantAt] = (byte)(0x80 | (bytes[VariantAt] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>Goes on behind an id that an earlier run of the server made, whatever the clock says now.</summary>
    public void GoOnAfter(Guid id)
    {
        Span<byte> bytes = stackalloc byte[Length];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        Span<byte> whole = stackalloc byte[sizeof(long)];
        whole.Clear();
        bytes[..CounterAt].CopyTo(whole[2..]);
        lock (_gate)
        {
            _milliseconds = BinaryPrimitives.ReadInt64BigEndian(whole);
            _counter = BinaryPrimitives.ReadUInt16BigEndian(bytes[CounterAt..]) & MaxCounter;
        }
    }

    private (long Milliseconds, int Counter) Step()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            (_milliseconds, _counter) = now > _milliseconds ? (now, 0)
                : _counter < MaxCounter ? (_milliseconds, _counter + 1)
                : (_milliseconds + 1, 0);
            return (_milliseconds, _counter);
        }
    }
}
