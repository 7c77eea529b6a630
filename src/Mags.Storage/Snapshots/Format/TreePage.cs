using System.Buffers.Binary;

namespace Mags.Storage.Snapshots.Format;

/// <summary>A page (references to chunks) or a node (references to pages). What is not referred to is zero.</summary>
internal sealed class TreePage
{
    private const int HeaderBytes = 12;
    private const byte Format = 1;

    private readonly SectionRef[] _slots;

    private TreePage(byte level, int position, SectionRef[] slots)
    {
        Level = level;
        Position = position;
        _slots = slots;
    }

    public byte Level { get; }

    /// <summary>Its number among those of its level.</summary>
    public int Position { get; }

    public bool IsEmpty => !Array.Exists(_slots, slot => slot.IsPresent);

    /// <summary>Those that are there, with the number of each among those of its level.</summary>
    public IEnumerable<(int Position, SectionRef Ref)> Present => _slots
        .Select((slot, index) => (Position: (Position * _slots.Length) + index, Ref: slot))
        .Where(entry => entry.Ref.IsPresent);

    private static ReadOnlySpan<byte> Magic => "MGTP"u8;

    public SectionRef this[int position]
    {
        get => _slots[position - (Position * _slots.Length)];
        set => _slots[position - (Position * _slots.Length)] = value;
    }

    public static TreePage Empty(byte level, int position) => new(level, position, new SectionRef[SlotsOf(level)]);

    public static int SlotsOf(byte level) => level == DiskLayout.Page ? DiskLayout.ChunksOfPage : DiskLayout.PagesOfNode;

    /// <exception cref="InvalidDataException">It is none, or another one.</exception>
    public static TreePage Read(byte level, int position, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException("it is no page of a snapshot");
        }

        if (bytes[4] != Format)
        {
            throw new InvalidDataException($"it has format {bytes[4]}, which this version of Mags does not know");
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        var page = Empty(level, position);
        if (bytes[5] != level || BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) != position
            || bytes.Length != HeaderBytes + (count * (2 + SectionRef.Size)))
        {
            throw new InvalidDataException("it is another page than the one that belongs there");
        }

        var last = -1;
        for (var entry = bytes[HeaderBytes..]; entry.Length > 0; entry = entry[(2 + SectionRef.Size)..])
        {
            int slot = BinaryPrimitives.ReadUInt16LittleEndian(entry);
            if (slot <= last || slot >= page._slots.Length)
            {
                throw new InvalidDataException("its entries are out of order");
            }

            page._slots[slot] = SectionRef.Read(entry[2..]);
            last = slot;
        }

        return page;
    }

    public TreePage Clone() => new(Level, Position, [.. _slots]);

    public byte[] ToBytes()
    {
        var count = _slots.Count(slot => slot.IsPresent);
        var bytes = new byte[HeaderBytes + (count * (2 + SectionRef.Size))];
        Magic.CopyTo(bytes);
        bytes[4] = Format;
        bytes[5] = Level;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Position);
        var rest = bytes.AsSpan(HeaderBytes);
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot].IsPresent)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)slot);
                _slots[slot].Write(rest[2..]);
                rest = rest[(2 + SectionRef.Size)..];
            }
        }

        return bytes;
    }
}
