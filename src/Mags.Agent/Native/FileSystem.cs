using System.Text;

namespace Mags.Agent.Native;

/// <summary>Mounts, and whole small files, in the view of the calling thread.</summary>
internal static class FileSystem
{
    public const nuint NoSetUserId = 2;
    public const nuint NoDevices = 4;
    public const nuint NoExecution = 8;
    public const nuint ReadOnly = 1;
    public const nuint Safe = NoSetUserId | NoDevices | NoExecution;
    public const nuint Remount = 32;
    public const nuint NoAccessTime = 1024;
    public const nuint Bind = 4096;
    public const nuint Move = 8192;
    public const nuint Recursive = 16384;
    public const nuint Private = 1 << 18;

    private const int Detach = 2;
    private const int SmallFile = 64 * 1024;
    private const int CurrentFolder = -100;

    public static void Mount(string? source, string target, string? type, nuint flags = 0, string? data = null) =>
        NativeException.Check(
            NativeMethods.Mount(source, target, type, flags, data), $"mount {type ?? source} at {target}");

    /// <summary>Takes a mount out of sight at once; it ends when nothing uses it any more.</summary>
    public static void Unmount(string target) =>
        NativeException.Check(NativeMethods.Unmount(target, Detach), "unmount " + target);

    /// <summary>Makes a folder unless something is there.</summary>
    public static void MakeFolder(string path, uint mode = 0b111_101_101) =>
        _ = NativeMethods.MakeDirectory(path, mode);

    /// <summary>A small file's text; null when there is none to read.</summary>
    public static string? TryRead(string path, int folder = CurrentFolder)
    {
        const int flags = FileDescriptor.CloseOnExec | FileDescriptor.NoFollow | FileDescriptor.NonBlocking;
        var file = NativeMethods.OpenAt(folder, path, flags, 0);
        if (file < 0)
        {
            return null;
        }

        try
        {
            var buffer = new byte[4096];
            var text = new StringBuilder();
            int count;
            while ((count = FileDescriptor.Read(file, buffer)) > 0 && text.Length < SmallFile)
            {
                text.Append(Encoding.UTF8.GetString(buffer.AsSpan(0, count)));
            }

            return count < 0 ? null : text.ToString();
        }
        finally
        {
            FileDescriptor.Close(file);
        }
    }

    /// <summary>Writes a small file; never through a link in its last part.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool TryWrite(string path, string text)
    {
        var file = OpenToWrite(path, FileDescriptor.Truncate, CurrentFolder);
        if (file < 0)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var count = FileDescriptor.Write(file, bytes);
        FileDescriptor.Close(file);
        return count == bytes.Length;
    }

    /// <summary>Gives a small file of a folder another content, if it can be; never through a link.</summary>
    /// <remarks>
    /// It is shortened last: one that is emptied first is written to the disk when it is closed (ext4's
    /// <c>auto_da_alloc</c>), which a claim would wait for.
    /// </remarks>
    public static void TryReplace(string name, string text, int folder)
    {
        var file = OpenToWrite(name, 0, folder);
        if (file >= 0)
        {
            var count = FileDescriptor.Write(file, Encoding.UTF8.GetBytes(text));
            _ = NativeMethods.SetLength(file, Math.Max(0, count));
            FileDescriptor.Close(file);
        }
    }

    private static int OpenToWrite(string path, int flags, int folder)
    {
        const uint mode = 0b110_100_100;
        const int always = FileDescriptor.CloseOnExec | FileDescriptor.NoFollow | FileDescriptor.WriteOnly | FileDescriptor.Create;
        return NativeMethods.OpenAt(folder, path, always | flags, mode);
    }
}
