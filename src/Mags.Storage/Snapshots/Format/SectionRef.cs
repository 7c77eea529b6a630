using System.Buffers.Binary;

namespace Mags.Storage.Snapshots.Format;

/// <summary>Where a chunk, page or node lies, and what its plain content is.</summary>
/// <param name="Pack">The pack that holds it.</param>
/// <param name="Offset">Where it begins in it.</param>
/// <param name="Length">Bytes that it takes there; zero for a reference to nothing.</param>
/// <param name="IsCompressed">By zstd; else it lies there as it is.</param>
/// <param name="Sum">Of its plain content.</param>
internal readonly record struct SectionRef(Guid Pack, uint Offset, uint Length, bool IsCompressed, Sha256Sum Sum)
{
    public const int Size = 1 + 16 + 4 + 4 + Sha256Sum.Size;

    public bool IsPresent => Length > 0;

    public long End => (long)Offset + Length;

    public static SectionRef Read(ReadOnlySpan<byte> bytes)
    {
        var kind = bytes[0];
        var read = new SectionRef(
            new Guid(bytes[1..17], bigEndian: true),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[17..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]),
            kind == 1,
            Sha256Sum.Read(bytes[25..]));
        return kind > 1 || read.Length is 0 or > DiskLayout.ChunkBytes
            ? throw new InvalidDataException("a reference is out of bounds")
            : read;
    }

    public void Write(Span<byte> bytes)
    {
        bytes[0] = (byte)(IsCompressed ? 1 : 0);
        Pack.TryWriteBytes(bytes[1..17], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[17..], Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[21..], Length);
        Sum.Write(bytes[25..]);
    }
}
