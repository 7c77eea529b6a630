using System.Buffers.Binary;
using Google.Protobuf;
using Mags.Protocol;

namespace Mags.Machines.Tests.Agent.Hostile;

/// <summary>The bytes of HTTP/2 and gRPC as a guest may write them, well or not.</summary>
internal static class Http2
{
    public const int PrefaceLength = 24;
    public const int HeaderLength = 9;
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;

    private const byte EndHeaders = 4;
    private const byte EndStream = 1;
    private const byte Acknowledged = 1;

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload, int? claimedLength = null)
    {
        var frame = new byte[HeaderLength + payload.Length];
        var length = claimedLength ?? payload.Length;
        (frame[0], frame[1], frame[2]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }

    /// <summary>What an answer begins with: the settings, and the response's headers.</summary>
    public static byte[] Opening(string encoding = "identity") =>
    [
        .. Frame(Settings, 0, 0, []),
        .. Frame(Settings, Acknowledged, 0, []),
        .. Frame(Headers, EndHeaders, 1,
        [
            0x88, // :status 200
            .. Header("content-type", "application/grpc"),
            .. Header("grpc-encoding", encoding),
        ]),
    ];

    /// <summary>What an answer ends with.</summary>
    public static byte[] Closing() => Frame(Headers, EndHeaders | EndStream, 1, Header("grpc-status", "0"));

    public static byte[] Message(ExecOutput output) => Message(output.ToByteArray());

    public static byte[] Message(byte[] body, bool compressed = false, uint? claimedLength = null)
    {
        const int largestFrame = 16 * 1024;
        var message = new byte[5 + body.Length];
        message[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), claimedLength ?? (uint)body.Length);
        body.CopyTo(message.AsSpan(5));
        return [.. message.Chunk(largestFrame).SelectMany(part => Frame(Data, 0, 1, part))];
    }

    /// <summary>A whole and honest answer: a process that says "hi" and ends with 0.</summary>
    public static byte[] HonestAnswer() =>
    [
        .. Opening(),
        .. Message(new ExecOutput { Started = new Mags.Protocol.ProcessStarted { Pid = 7 } }),
        .. Message(new ExecOutput
        {
            Chunk = new OutputChunk { Stream = OutputStream.Stdout, Data = ByteString.CopyFromUtf8("hi\n") },
        }),
        .. Message(new ExecOutput { Exited = new Mags.Protocol.ProcessExited { DurationUs = 1000 } }),
        .. Closing(),
    ];

    // Literal, not indexed; both parts shorter than 127 bytes.
    private static byte[] Header(string name, string value) =>
        [0, (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name), (byte)value.Length, .. System.Text.Encoding.ASCII.GetBytes(value)];
}
