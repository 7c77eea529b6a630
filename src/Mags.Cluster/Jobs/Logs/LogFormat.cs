using System.Buffers.Binary;

namespace Mags.Cluster.Jobs.Logs;

/// <summary>
/// The files of a log. <c>ID.log</c>: eight bytes of signature, then records one after the other; a record is the
/// length of its message (4 bytes), the source (1), a mark (3), UTC ticks (8), then the message's raw bytes, all
/// little endian. Lines are numbered by their place. <c>ID.idx</c>: for every 256th line, from the first, the offset
/// of its record (8 bytes): it only saves reading, and is not trusted.
/// </summary>
internal static class LogFormat
{
    public const int SignatureLength = 8;
    public const int HeaderLength = 16;
    public const int MaxMessageBytes = 64 * 1024;
    public const int LinesPerIndexEntry = 256;
    public const int IndexEntryLength = 8;

    /// <summary>Tells a record from blocks that a crash left zeroed or half written.</summary>
    private const int Mark = 0x4C474D;

    public static ReadOnlySpan<byte> Signature => "MAGSLOG1"u8;

    public static void WriteHeader(Span<byte> target, LogSource source, DateTimeOffset timestamp, int messageLength)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, messageLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], (Mark << 8) | (int)source);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], timestamp.UtcTicks);
    }

    /// <summary>Reads a record's header; false when the bytes are none.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out LogRecordHeader header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var marked = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        var ticks = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        header = new LogRecordHeader(length, (LogSource)(marked & 0xFF), ticks);
        return length is >= 0 and <= MaxMessageBytes
            && marked >> 8 == Mark
            && header.Source is >= LogSource.Stdout and <= LogSource.System
            && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks;
    }
}

/// <summary>What stands before a record's message.</summary>
internal readonly record struct LogRecordHeader(int MessageLength, LogSource Source, long UtcTicks);
