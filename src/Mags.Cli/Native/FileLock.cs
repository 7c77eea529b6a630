using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mags.Cli.Native;

/// <summary>
/// An advisory lock (<c>flock</c>) on a file. .NET's own file streams lock too, so that merely reading a file that
/// another process holds would fail.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>
    /// What a file holds and whether another process holds its exclusive lock; null when there is no such file.
    /// </summary>
    public static (string Content, bool IsHeld)? Probe(string path)
    {
        using var file = Open(path, Libc.OpenReadOnly, out _);
        if (file is null)
        {
            return null;
        }

        var descriptor = (int)file.DangerousGetHandle();
        var isHeld = Libc.Flock(descriptor, Libc.LockShared | Libc.LockNonBlocking) != 0
            && Marshal.GetLastPInvokeError() == Libc.TryAgain;
        Span<byte> content = stackalloc byte[64];
        var length = RandomAccess.Read(file, content, 0);
        return (System.Text.Encoding.UTF8.GetString(content[..length]), isHeld);
    }

    /// <summary>Waits for the exclusive lock, for as long as it takes.</summary>
    public static Task<FileLock> TakeAsync(string path, CancellationToken cancellationToken) =>
        Task.Run(() => Take(path), cancellationToken).WaitAsync(cancellationToken);

    public void Dispose() => _file.Dispose();

    private static FileLock Take(string path)
    {
        var file = Open(path, Libc.OpenReadWrite | Libc.OpenCreate, out var error)
            ?? throw new CliException($"cannot write {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        int result;
        do
        {
            result = Libc.Flock((int)file.DangerousGetHandle(), Libc.LockExclusive);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted);

        if (result == 0)
        {
            return new FileLock(file);
        }

        file.Dispose();
        throw new CliException($"cannot lock {path}");
    }

    private static SafeFileHandle? Open(string path, int flags, out int error)
    {
        var descriptor = Libc.Open(path, flags | Libc.OpenCloseOnExec, 0b110_000_000);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
