using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>
/// Anonymous memory as a file (<c>memfd</c>). Any user may open it through a child's <c>/proc/self/fd</c>, so it also
/// hands files to a child whose user could not read them.
/// </summary>
internal static class MemoryFile
{
    private const int PageSize = 4096;
    private const int BufferSize = 1 << 20;

    /// <summary>Makes a file of zeros.</summary>
    internal static SafeFileHandle Create(string name, long size)
    {
        const uint CloseOnExec = 1, AllowSealing = 2;
        var file = LibC.MemfdCreate(name, CloseOnExec | AllowSealing);
        if (file.IsInvalid)
        {
            throw NativeError.Last("memfd_create");
        }

        RandomAccess.SetLength(file, size);
        return file;
    }

    /// <summary>Makes a sealed copy of a file, holes kept as holes.</summary>
    internal static SafeFileHandle CopyOf(string path)
    {
        using var source = File.OpenHandle(path);
        var memory = Create(Path.GetFileName(path), RandomAccess.GetLength(source));
        try
        {
            SparseFile.Copy(source, memory);
            Seal(memory);
            var sealedMemory = memory;
            memory = null;
            return sealedMemory;
        }
        finally
        {
            memory?.Dispose();
        }
    }

    /// <summary>
    /// Gives back the pages that hold only zeros: a guest that was booted on the memory leaves many.
    /// </summary>
    internal static void DropZeroPages(SafeFileHandle memory)
    {
        var buffer = new byte[BufferSize];
        foreach (var (start, end) in SparseFile.DataRanges(memory))
        {
            for (var offset = start; offset < end;)
            {
                var read = RandomAccess.Read(memory, buffer.AsSpan(0, (int)Math.Min(BufferSize, end - offset)), offset);
                foreach (var (from, to) in ZeroRuns(buffer, read))
                {
                    Punch(memory, offset + from, to - from);
                }

                offset += read;
            }
        }
    }

    /// <summary>
    /// Makes the memory unchangeable for everybody, for ever: clones map it privately and none can alter it for the
    /// others. Fails while anyone has a writable shared mapping.
    /// </summary>
    internal static void Seal(SafeFileHandle memory)
    {
        const int SealSeal = 1, SealShrink = 2, SealGrow = 4, SealWrite = 8;
        if (LibC.Fcntl(memory, LibC.F_ADD_SEALS, SealSeal | SealShrink | SealGrow | SealWrite) != 0)
        {
            throw NativeError.Last("fcntl F_ADD_SEALS");
        }
    }

    private static IEnumerable<(int From, int To)> ZeroRuns(byte[] buffer, int length)
    {
        var from = -1;
        for (var page = 0; page < length; page += PageSize)
        {
            var zero = buffer.AsSpan(page, Math.Min(PageSize, length - page)).IndexOfAnyExcept((byte)0) < 0;
            if (zero && from < 0)
            {
                from = page;
            }
            else if (!zero && from >= 0)
            {
                yield return (from, page);
                from = -1;
            }
        }

        if (from >= 0)
        {
            yield return (from, length);
        }
    }

    private static void Punch(SafeFileHandle file, long offset, long length)
    {
        const int KeepSize = 1, PunchHole = 2;
        if (LibC.Fallocate(file, KeepSize | PunchHole, offset, length) != 0)
        {
            throw NativeError.Last("fallocate");
        }
    }
}
