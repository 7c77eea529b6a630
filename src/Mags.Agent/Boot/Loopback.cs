using System.Buffers.Binary;
using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>The loopback interface.</summary>
internal static unsafe class Loopback
{
    private const int InternetFamily = 2;
    private const int DatagramSocket = 2;
    private const nuint SetInterfaceFlags = 0x8914;
    private const int RequestLength = 40;
    private const int NameLength = 16;
    private const ushort UpAndRunning = 0x41;

    /// <summary>Switches it on; the kernel then gives it 127.0.0.1 and ::1 by itself.</summary>
    public static void Up()
    {
        var socket = NativeException.Check(
            NativeMethods.MakeSocket(InternetFamily, DatagramSocket | FileDescriptor.CloseOnExec, 0), "open a socket");
        var request = stackalloc byte[RequestLength];
        var view = new Span<byte>(request, RequestLength);
        view.Clear();
        "lo"u8.CopyTo(view);
        BinaryPrimitives.WriteUInt16LittleEndian(view[NameLength..], UpAndRunning);
        NativeException.Check(
            NativeMethods.DeviceControl(socket, SetInterfaceFlags, request), "switch on the loopback interface");
        FileDescriptor.Close(socket);
    }
}
