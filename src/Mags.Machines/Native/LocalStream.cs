using System.Net.Sockets;

namespace Mags.Machines.Native;

/// <summary>A connection over a unix socket that tells when this side has closed it.</summary>
internal sealed class LocalStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Closed => _closed.Task;

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _ = _closed.TrySetResult();
    }
}
