using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>
/// An open folder through which unix sockets are made and dialled. Their addresses hold at most 108 bytes, so the path
/// goes through <c>/proc/self/fd</c> and the folder may lie as deep as it likes.
/// </summary>
internal sealed class FolderHandle : IDisposable
{
    private const int AddressLength = 110;
    private const int CloseOnExec = 0x80000;

    private readonly SafeFileHandle _handle;

    internal FolderHandle(string path)
    {
        const int Directory = 0x10000;
        _handle = LibC.Open(path, Directory | CloseOnExec, 0);
        if (_handle.IsInvalid)
        {
            throw NativeError.Last($"open {path}");
        }
    }

    /// <summary>
    /// Locks the folder for this process, until it is closed or the process ends however it may. False when another
    /// process holds it.
    /// </summary>
    internal bool TryLock()
    {
        const int Exclusive = 2, DoNotWait = 4;
        return LibC.Flock(_handle, Exclusive | DoNotWait) == 0;
    }

    /// <summary>Brings the names in the folder to the disk.</summary>
    internal void Flush()
    {
        if (LibC.Fsync(_handle) != 0)
        {
            throw NativeError.Last("flushing a folder");
        }
    }

    /// <summary>Makes a listening socket in the folder. The handle is close-on-exec, for an <see cref="FdMap"/>.</summary>
    internal SafeFileHandle Listen(string name)
    {
        const int Unix = 1, Stream = 1;
        var socket = LibC.Socket(Unix, Stream | CloseOnExec, 0);
        try
        {
            if (socket.IsInvalid)
            {
                throw NativeError.Last("socket");
            }

            BindAndListen(socket, PathOf(name));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Connects to a socket in the folder. Where it is already listening this succeeds at once, even before the process
    /// behind it has started to accept.
    /// </summary>
    internal async Task<NetworkStream> ConnectAsync(string name, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathOf(name)), cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            socket = null;
            return stream;
        }
        finally
        {
            socket?.Dispose();
        }
    }

    public void Dispose() => _handle.Dispose();

    private string PathOf(string name) => $"/proc/self/fd/{_handle.DangerousGetHandle()}/{name}";

    // Sound: sockaddr_un is a 16-bit family and a zero-terminated path; the buffer is zeroed and longer than both.
    private static unsafe void BindAndListen(SafeFileHandle socket, string path)
    {
        var address = stackalloc byte[AddressLength];
        var span = new Span<byte>(address, AddressLength);
        span.Clear();
        span[0] = 1;
        _ = Encoding.UTF8.GetBytes(path, span[2..^1]);
        if (LibC.Bind(socket, address, AddressLength) != 0)
        {
            throw NativeError.Last("bind");
        }

        if (LibC.Listen(socket, 8) != 0)
        {
            throw NativeError.Last("listen");
        }
    }
}
