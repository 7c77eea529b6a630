using System.Collections.Concurrent;
using ZstdSharp;

namespace Mags.Storage.Snapshots.Format;

/// <summary>Compresses what goes into a pack, and takes it out verified. Contexts are kept, as each is large.</summary>
internal sealed class SectionCodec : IDisposable
{
    // The fastest level: two cores hash and compress while a line sends, and levels above win little on 64 KiB.
    private const int Level = 1;

    private readonly ConcurrentBag<Compressor> _compressors = [];
    private readonly ConcurrentBag<Decompressor> _decompressors = [];

    /// <summary>Compresses where that makes it smaller.</summary>
    /// <returns>How many bytes of the buffer it takes; null where it does not get smaller.</returns>
    public int? Compress(ReadOnlySpan<byte> plain, Span<byte> buffer)
    {
        if (!_compressors.TryTake(out var compressor))
        {
            compressor = new Compressor(Level);
        }

        try
        {
            return compressor.TryWrap(plain, buffer[..(plain.Length - 1)], out var written) ? written : null;
        }
        finally
        {
            _compressors.Add(compressor);
        }
    }

    /// <summary>Gives the plain content of what lies in a pack, in the buffer or as it is.</summary>
    /// <exception cref="InvalidDataException">It is not what the reference says.</exception>
    public ReadOnlyMemory<byte> Decode(SectionRef section, ReadOnlyMemory<byte> stored, Memory<byte> buffer)
    {
        var plain = section.IsCompressed ? buffer[..Decompress(stored.Span, buffer.Span)] : stored;
        return Sha256Sum.Of(plain.Span) == section.Sum
            ? plain
            : throw new InvalidDataException("what lies there has another SHA-256");
    }

    public void Dispose()
    {
        while (_compressors.TryTake(out var compressor))
        {
            compressor.Dispose();
        }

        while (_decompressors.TryTake(out var decompressor))
        {
            decompressor.Dispose();
        }
    }

    private int Decompress(ReadOnlySpan<byte> stored, Span<byte> buffer)
    {
        if (!_decompressors.TryTake(out var decompressor))
        {
            decompressor = new Decompressor();
        }

        try
        {
            return decompressor.Unwrap(stored, buffer);
        }
        catch (ZstdException exception)
        {
            throw new InvalidDataException("what lies there cannot be decompressed", exception);
        }
        finally
        {
            _decompressors.Add(decompressor);
        }
    }
}
