using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>Two connected sockets: what is a guest's wire.</summary>
/// <param name="Guest">The end for QEMU.</param>
/// <param name="Host">The end for passt, or for nobody.</param>
internal sealed record SocketPair(SafeFileHandle Guest, SafeFileHandle Host) : IDisposable
{
    /// <summary>Makes one; both ends are close-on-exec.</summary>
    internal static unsafe SocketPair Make()
    {
        const int Unix = 1, Stream = 1, CloseOnExec = 0x80000;
        var ends = stackalloc int[2];
#pragma warning disable CA2000 // The pair owns both.
        return LibC.MakeSocketPair(Unix, Stream | CloseOnExec, 0, ends) == 0
            ? new SocketPair(new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true))
            : throw NativeError.Last("socketpair");
#pragma warning restore CA2000
    }

    public void Dispose()
    {
        Guest.Dispose();
        Host.Dispose();
    }
}
