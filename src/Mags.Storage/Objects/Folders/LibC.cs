using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Mags.Storage.Objects.Folders;

/// <summary>What .NET cannot do: bring a folder's names to the disk, and wait for a lock on a file.</summary>
internal static partial class LibC
{
    private const int CloseOnExec = 0x80000;

    /// <summary>Makes the names in a folder durable. File handles of .NET refuse folders.</summary>
    public static void FlushFolder(string path)
    {
        const int Directory = 0x10000;
        using var folder = Open(path, Directory | CloseOnExec, 0);
        if (folder.IsInvalid || Fsync(folder) != 0)
        {
            throw Last(path);
        }
    }

    /// <summary>Waits until nobody else holds this file's lock, and holds it until the handle is disposed.</summary>
    public static SafeFileHandle Lock(string path)
    {
        const int ReadWrite = 2, Create = 0x40, Exclusive = 2, Interrupted = 4;
        const int OwnerOnly = 0x180;
        var file = Open(path, ReadWrite | Create | CloseOnExec, OwnerOnly);
        if (file.IsInvalid)
        {
            throw Last(path);
        }

        while (Flock(file, Exclusive) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                using (file)
                {
                    throw Last(path);
                }
            }
        }

        return file;
    }

    // As the runtime's own file calls: what may not be is another exception than what went wrong.
    private static Exception Last(string path)
    {
        const int NoSuchFile = 2, Denied = 13;
        var error = Marshal.GetLastPInvokeError();
        var words = $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";
        return error switch
        {
            NoSuchFile => new DirectoryNotFoundException(words),
            Denied => new UnauthorizedAccessException(words),
            _ => new IOException(words, error),
        };
    }

    // Sound: the string is zero-terminated UTF-8 for the call only, and the handle owns what comes back.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
