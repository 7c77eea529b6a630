using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mags.Storage.Snapshots.Format;

/// <summary>A SHA-256 that lies in one piece, as there are many of them.</summary>
internal readonly record struct Sha256Sum(UInt128 First, UInt128 Second)
{
    public const int Size = 32;

    public static Sha256Sum Of(ReadOnlySpan<byte> content)
    {
        Span<byte> sum = stackalloc byte[Size];
        SHA256.HashData(content, sum);
        return Read(sum);
    }

    public static Sha256Sum Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, First);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], Second);
    }

    /// <summary>As 64 hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
