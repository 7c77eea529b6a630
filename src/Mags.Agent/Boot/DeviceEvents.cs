using System.Buffers.Binary;
using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>Waits for what the kernel finds out about its devices, by its own announcements.</summary>
internal static unsafe class DeviceEvents
{
    private const int NetlinkFamily = 16;
    private const int DatagramSocket = 2;
    private const int KernelObjectEvents = 15;
    private const int AddressLength = 12;

    /// <summary>Waits until something holds, asking again after each announcement.</summary>
    /// <returns>Whether it held within the limit.</returns>
    public static bool WaitUntil(Func<bool> condition, TimeSpan limit, TimeProvider time)
    {
        if (condition())
        {
            return true;
        }

        var socket = Listen();
        try
        {
            var start = time.GetTimestamp();
            // Asked again first: what came before the socket was there is announced to nobody.
            while (!condition())
            {
                var left = limit - time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                WaitForOne(socket, left);
            }

            return true;
        }
        finally
        {
            FileDescriptor.Close(socket);
        }
    }

    private static int Listen()
    {
        const int type = DatagramSocket | FileDescriptor.CloseOnExec | FileDescriptor.NonBlocking;
        var socket = NativeException.Check(
            NativeMethods.MakeSocket(NetlinkFamily, type, KernelObjectEvents), "listen for device events");
        var address = stackalloc byte[AddressLength];
        var view = new Span<byte>(address, AddressLength);
        view.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(view, NetlinkFamily);
        BinaryPrimitives.WriteUInt32LittleEndian(view[8..], 1);
        NativeException.Check(NativeMethods.Bind(socket, address, AddressLength), "listen for device events");
        return socket;
    }

    private static void WaitForOne(int socket, TimeSpan limit)
    {
        const short readable = 1;
        var entry = new PollEntry { Fd = socket, Events = readable };
        _ = NativeMethods.Poll(&entry, 1, (int)Math.Ceiling(limit.TotalMilliseconds));
        Span<byte> announcement = stackalloc byte[2048];
        while (FileDescriptor.Read(socket, announcement) > 0)
        {
        }
    }
}
