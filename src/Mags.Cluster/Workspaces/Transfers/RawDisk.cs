using System.Buffers.Binary;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>
/// Looks at the first bytes of a raw image, and only at their marks: the host parses no file system that somebody made.
/// </summary>
public static class RawDisk
{
    /// <summary>How many bytes from its beginning tell what an image is.</summary>
    public const int HeadBytes = 4096;

    /// <summary>Bytes before the file system, which are no part of it.</summary>
    internal const int BootBlockBytes = 1024;

    private const long BytesPerGib = 1L << 30;

    // Of ext4's superblock, which lies at 1024: https://docs.kernel.org/filesystems/ext4/globals.html
    private const int BlocksLow = BootBlockBytes + 0x4;
    private const int LogBlockSize = BootBlockBytes + 0x18;
    private const int Magic = BootBlockBytes + 0x38;
    private const int Incompatible = BootBlockBytes + 0x60;
    private const int BlocksHigh = BootBlockBytes + 0x150;
    private const ushort Ext4Magic = 0xEF53;
    private const uint Has64Bits = 0x80;
    private const int LargestLogBlockSize = 6;

    private const string Convert = "make it raw first: `qemu-img convert -O raw IN OUT`";
    private const string Unpack = "unpack it first, or say how it is packed (`Content-Encoding: gzip`)";

    // Some of these name other files; none is ever opened as what it says it is.
    private static readonly (int Offset, byte[] Mark, string Name, string Cure)[] _others =
    [
        (0, [.. "QFI"u8, 0xFB], "a qcow2 image", Convert),
        (0, [.. "QED\0"u8], "a QED image", Convert),
        (0, [.. "KDMV"u8], "a VMDK image", Convert),
        (0, [.. "COWD"u8], "a VMDK image", Convert),
        (0, [.. "# Disk DescriptorFile"u8], "a VMDK description", Convert),
        (0, [.. "vhdxfile"u8], "a VHDX image", Convert),
        (0, [.. "conectix"u8], "a VHD image", Convert),
        (0x40, [0x7F, 0x10, 0xDA, 0xBE], "a VDI image", Convert),
        (0, [.. "WithoutFreeSpace"u8], "a Parallels image", Convert),
        (0, [.. "WithouFreSpacExt"u8], "a Parallels image", Convert),
        (0, [.. "LUKS"u8, 0xBA, 0xBE], "an encrypted disk", "decrypt it first"),
        (0, [0x1F, 0x8B], "packed with gzip", Unpack),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "packed with zstd", Unpack),
        (0, [0xFD, .. "7zXZ"u8], "packed with xz", Unpack),
    ];

    /// <summary>What keeps an image that begins so from being a workspace's disk; null when nothing does.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> head)
    {
        foreach (var (offset, mark, name, cure) in _others)
        {
            if (head.Length >= offset + mark.Length && head.Slice(offset, mark.Length).SequenceEqual(mark))
            {
                return $"the disk is {name}, not a raw disk; {cure}";
            }
        }

        if (head.Length >= HeadBytes && BinaryPrimitives.ReadUInt16LittleEndian(head[Magic..]) == Ext4Magic)
        {
            return null;
        }

        return head.Length >= 512 && head[510] == 0x55 && head[511] == 0xAA
            ? "the disk holds a partition table; send the partition alone that holds the ext4 file system"
            : "the disk holds no ext4 file system: a workspace is the raw image of one, as `mags workspace export` writes it";
    }

    /// <summary>
    /// Whole GiB that the file system says it needs: a stranger's word, only good for a size where there is no other. Null
    /// when it is nonsense.
    /// </summary>
    public static long? GibOf(ReadOnlySpan<byte> head)
    {
        var shift = BinaryPrimitives.ReadUInt32LittleEndian(head[LogBlockSize..]);
        ulong blocks = BinaryPrimitives.ReadUInt32LittleEndian(head[BlocksLow..]);
        if ((BinaryPrimitives.ReadUInt32LittleEndian(head[Incompatible..]) & Has64Bits) != 0)
        {
            blocks |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(head[BlocksHigh..]) << 32;
        }

        return shift > LargestLogBlockSize || blocks is 0 or > long.MaxValue >> 24
            ? null
            : ((long)(blocks * (1024UL << (int)shift)) + BytesPerGib - 1) / BytesPerGib;
    }
}
