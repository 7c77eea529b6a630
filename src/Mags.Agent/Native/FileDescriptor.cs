using System.Runtime.InteropServices;

namespace Mags.Agent.Native;

/// <summary>The flags of, and small whole operations on, file descriptors.</summary>
internal static unsafe class FileDescriptor
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Truncate = 0x200;
    public const int NonBlocking = 0x800;
    public const int Directory = 0x10000;
    public const int NoFollow = 0x20000;
    public const int CloseOnExec = 0x80000;

    private const int GetFlags = 3;
    private const int SetFlags = 4;

    public static int Open(string path, int flags) =>
        NativeException.Check(NativeMethods.Open(path, flags | CloseOnExec, 0), "open " + path);

    public static void Close(int fd)
    {
        if (fd >= 0)
        {
            _ = NativeMethods.Close(fd);
        }
    }

    /// <summary>A pipe; both ends are closed in children, and block.</summary>
    public static (int ReadEnd, int WriteEnd) MakePipe()
    {
        var ends = stackalloc int[2];
        NativeException.Check(NativeMethods.MakePipe(ends, CloseOnExec), "make a pipe");
        return (ends[0], ends[1]);
    }

    public static void SetNonBlocking(int fd)
    {
        var flags = NativeException.Check(NativeMethods.Control(fd, GetFlags, 0), "read a descriptor's flags");
        NativeException.Check(NativeMethods.Control(fd, SetFlags, flags | NonBlocking), "set a descriptor's flags");
    }

    /// <summary>How many bytes wait in a pipe (FIONREAD).</summary>
    public static int CountWaiting(int fd)
    {
        const nuint bytesWaiting = 0x541B;
        int count;
        return NativeMethods.DeviceControl(fd, bytesWaiting, &count) == 0 ? count : 0;
    }

    /// <summary>Reads once. Below zero: the negated error number.</summary>
    public static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var count = NativeMethods.Read(fd, start, (nuint)buffer.Length);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Writes once. Below zero: the negated error number.</summary>
    public static int Write(int fd, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var count = NativeMethods.Write(fd, start, (nuint)buffer.Length);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Writes everything to a descriptor that blocks.</summary>
    public static void WriteAll(int fd, ReadOnlySpan<byte> bytes, string action)
    {
        while (!bytes.IsEmpty)
        {
            var count = Write(fd, bytes);
            if (count >= 0)
            {
                bytes = bytes[count..];
            }
            else if (count != -Errno.Interrupted)
            {
                throw new NativeException(action, -count);
            }
        }
    }

    /// <summary>Overwrites the start of a small file.</summary>
    public static void Overwrite(int fd, ReadOnlySpan<byte> bytes, string action)
    {
        fixed (byte* start = bytes)
        {
            NativeException.Check((int)NativeMethods.WriteAt(fd, start, (nuint)bytes.Length, 0), action);
        }
    }
}
