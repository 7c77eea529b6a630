using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>Files with holes.</summary>
internal static class SparseFile
{
    private const int BufferSize = 1 << 20;

    /// <summary>The ranges that hold data, in order.</summary>
    internal static IEnumerable<(long Start, long End)> DataRanges(SafeFileHandle file)
    {
        const int SeekData = 3, SeekHole = 4;
        var length = RandomAccess.GetLength(file);
        var position = 0L;
        while (position < length)
        {
            // Fails with ENXIO when only a hole is left.
            var start = LibC.Lseek(file, position, SeekData);
            if (start < 0)
            {
                yield break;
            }

            position = LibC.Lseek(file, start, SeekHole);
            yield return (start, position);
        }
    }

    /// <summary>Copies the data ranges into a file of zeros of the same length.</summary>
    internal static void Copy(SafeFileHandle source, SafeFileHandle target)
    {
        var buffer = new byte[BufferSize];
        foreach (var (start, end) in DataRanges(source))
        {
            for (var offset = start; offset < end;)
            {
                var read = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(BufferSize, end - offset)), offset);
                RandomAccess.Write(target, buffer.AsSpan(0, read), offset);
                offset += read;
            }
        }
    }
}
