using System.Buffers.Binary;

namespace Mags.Storage.Snapshots.Format;

/// <summary>
/// What is in a pack, written at its end: it tells what of a pack may still be alive without reading all pages.
/// </summary>
internal static class PackIndex
{
    public const int HeaderBytes = 12;
    public const int EntryBytes = 13;
    public const int TrailerBytes = 4 + Sha256Sum.Size + 8;

    private const int Format = 1;

    private static ReadOnlySpan<byte> Magic => "MAGSPACK"u8;

    private static ReadOnlySpan<byte> EndMagic => "MAGSPEND"u8;

    public static void WriteHeader(Span<byte> bytes)
    {
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Format);
    }

    public static int BytesFor(int entries) => (entries * EntryBytes) + TrailerBytes;

    public static void Write(Span<byte> bytes, IReadOnlyList<PackEntry> entries)
    {
        var rest = bytes;
        foreach (var entry in entries)
        {
            rest[0] = entry.Level;
            BinaryPrimitives.WriteInt32LittleEndian(rest[1..], entry.Position);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[5..], entry.Offset);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[9..], entry.Length);
            rest = rest[EntryBytes..];
        }

        BinaryPrimitives.WriteInt32LittleEndian(rest, entries.Count);
        Sha256Sum.Of(bytes[..(entries.Count * EntryBytes)]).Write(rest[4..]);
        EndMagic.CopyTo(rest[(4 + Sha256Sum.Size)..]);
    }

    /// <summary>How many entries the trailer, a pack's last bytes, tells of.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static int ReadCount(ReadOnlySpan<byte> trailer)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        return count >= 0 && trailer[(4 + Sha256Sum.Size)..].SequenceEqual(EndMagic)
            ? count
            : throw new InvalidDataException("it does not end as a pack does");
    }

    /// <param name="bytes">The entries and the trailer.</param>
    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    public static IReadOnlyList<PackEntry> Read(ReadOnlySpan<byte> bytes)
    {
        var entries = bytes[..^TrailerBytes];
        if (Sha256Sum.Of(entries) != Sha256Sum.Read(bytes[^(TrailerBytes - 4)..]))
        {
            throw new InvalidDataException("its index has another SHA-256");
        }

        var read = new List<PackEntry>(entries.Length / EntryBytes);
        for (; entries.Length > 0; entries = entries[EntryBytes..])
        {
            read.Add(new PackEntry(
                entries[0],
                BinaryPrimitives.ReadInt32LittleEndian(entries[1..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entries[5..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entries[9..])));
        }

        return read;
    }
}

/// <summary>A chunk, page or node of a pack.</summary>
internal readonly record struct PackEntry(byte Level, int Position, uint Offset, uint Length);
