using System.Buffers.Binary;
using System.Text.Json;

namespace Mags.Storage.Snapshots.Format;

/// <summary>The object that names a whole snapshot. Its SHA-256 is the snapshot's id.</summary>
/// <param name="Header">What it is of.</param>
/// <param name="Nodes">Where the nodes are, with their numbers.</param>
/// <param name="Packs">All packs that it needs: enough for a sweep to know, without reading its pages.</param>
internal sealed record SnapshotRoot(
    SnapshotHeader Header, IReadOnlyList<(int Position, SectionRef Ref)> Nodes, IReadOnlyList<PackUse> Packs)
{
    private const int Format = 1;
    private const int NodeBytes = 2 + SectionRef.Size;

    private static ReadOnlySpan<byte> Magic => "MAGSSNAP"u8;

    /// <exception cref="InvalidDataException">It is none, or of a format that is not known.</exception>
    public static SnapshotRoot Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ReadParts(bytes);
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or JsonException)
        {
            throw new InvalidDataException("it is cut off or garbled", exception);
        }
    }

    public byte[] ToBytes()
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(Header, SnapshotJson.Default.SnapshotHeader);
        var bytes = new byte[16 + header.Length + 4 + (Nodes.Count * NodeBytes) + 4 + (Packs.Count * PackUse.Size)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Format);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), header.Length);
        header.CopyTo(bytes, 16);
        var rest = bytes.AsSpan(16 + header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest, Nodes.Count);
        rest = rest[4..];
        foreach (var (position, node) in Nodes)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)position);
            node.Write(rest[2..]);
            rest = rest[NodeBytes..];
        }

        BinaryPrimitives.WriteInt32LittleEndian(rest, Packs.Count);
        rest = rest[4..];
        foreach (var pack in Packs)
        {
            pack.Pack.TryWriteBytes(rest, bigEndian: true, out _);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[16..], pack.Bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[20..], pack.Alive);
            rest = rest[PackUse.Size..];
        }

        return bytes;
    }

    public SnapshotInfo ToInfo(string id) => new(
        id,
        new SnapshotSubject(Header.User, Header.Workspace, Header.Image, Header.ImageDigest, Header.DiskGb),
        Header.CreatedAt,
        Header.SizeBytes,
        Header.Previous,
        Packs.Sum(pack => (long)pack.Alive));

    private static SnapshotRoot ReadParts(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 16 || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException("it is no snapshot");
        }

        var format = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (format != Format)
        {
            throw new InvalidDataException($"it has format {format}, which this version of Mags does not know");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        var header = JsonSerializer.Deserialize(bytes.Slice(16, length), SnapshotJson.Default.SnapshotHeader)
            ?? throw new InvalidDataException("its header is empty");
        var rest = bytes[(16 + length)..];
        var nodes = new List<(int, SectionRef)>();
        var count = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[4..];
        for (var number = 0; number < count; number++, rest = rest[NodeBytes..])
        {
            nodes.Add((BinaryPrimitives.ReadUInt16LittleEndian(rest), SectionRef.Read(rest[2..])));
        }

        var packs = new List<PackUse>();
        count = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[4..];
        for (var number = 0; number < count; number++, rest = rest[PackUse.Size..])
        {
            packs.Add(new PackUse(
                new Guid(rest[..16], bigEndian: true),
                BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(rest[20..])));
        }

        return new SnapshotRoot(header, nodes, packs);
    }
}
