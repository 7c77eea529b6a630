using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mags.Machines.Native;

/// <summary>Sends bytes with an open file attached (<c>SCM_RIGHTS</c>), which .NET's sockets cannot.</summary>
internal static class FdSender
{
    /// <summary>
    /// Sends one short message without blocking. The kernel takes such a message whole, or not at all when the peer has
    /// not read for very long; that is an error here.
    /// </summary>
    // Sound: all structures are on the stack; the file's handle is held by a counted reference until the kernel has its
    // own. The control message is cmsghdr { u64 length; i32 level; i32 type } and the number, padded to 8 bytes.
    internal static unsafe void Send(Socket socket, ReadOnlySpan<byte> message, SafeHandle? file)
    {
        const int DoNotWait = 0x40, NoSignal = 0x4000, LevelSocket = 1, Rights = 1;
        const int ControlLength = 24, UsedLength = 20;
        var held = false;
        try
        {
            var control = stackalloc byte[ControlLength];
            new Span<byte>(control, ControlLength).Clear();
            fixed (byte* bytes = message)
            {
                var vector = new LibC.IoVector { Base = bytes, Length = (nuint)message.Length };
                var header = new LibC.MessageHeader { Vectors = &vector, VectorCount = 1 };
                if (file is not null)
                {
                    file.DangerousAddRef(ref held);
                    *(ulong*)control = UsedLength;
                    *(int*)(control + 8) = LevelSocket;
                    *(int*)(control + 12) = Rights;
                    *(int*)(control + 16) = (int)file.DangerousGetHandle();
                    header.Control = control;
                    header.ControlLength = ControlLength;
                }

                nint sent;
                do
                {
                    sent = LibC.SendMessage(socket.SafeHandle, &header, DoNotWait | NoSignal);
                }
                while (sent < 0 && Marshal.GetLastPInvokeError() == LibC.EINTR);

                if (sent != message.Length)
                {
                    throw sent < 0 ? NativeError.Last("sendmsg") : new IOException("sendmsg: message cut short");
                }
            }
        }
        finally
        {
            if (held)
            {
                file!.DangerousRelease();
            }
        }
    }
}
