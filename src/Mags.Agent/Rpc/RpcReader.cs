using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace Mags.Agent.Rpc;

/// <summary>Reads the messages of one call.</summary>
/// <remarks>Framing: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (length-prefixed messages).</remarks>
internal sealed class RpcReader<T>(PipeReader pipe, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    where T : class
{
    private const int HeaderLength = 5;

    // A script of 1 MiB with its environment.
    private const uint LongestMessage = 2 * 1024 * 1024;

    private T? _current;

    public T Current => _current ?? throw new InvalidOperationException("No message was read.");

    /// <summary>The only message of a call without a stream.</summary>
    public async Task<T> ReadOneAsync(CancellationToken cancellationToken) =>
        await MoveNext(cancellationToken)
            ? Current
            : throw new RpcException(new Status(StatusCode.Internal, "the call has no message"));

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.ReadAsync(cancellationToken);
            if (result.IsCanceled)
            {
                return false;
            }

            var bytes = result.Buffer;
            if (LengthOf(bytes) is { } length && bytes.Length >= HeaderLength + length)
            {
                _current = marshaller.ContextualDeserializer(new RpcPayload(bytes.Slice(HeaderLength, length)));
                pipe.AdvanceTo(bytes.GetPosition(HeaderLength + length));
                return true;
            }

            pipe.AdvanceTo(bytes.Start, bytes.End);
            if (result.IsCompleted)
            {
                return bytes.IsEmpty
                    ? false
                    : throw new RpcException(new Status(StatusCode.Internal, "the last message is cut off"));
            }
        }
    }

    private static uint? LengthOf(ReadOnlySequence<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
        {
            return null;
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        bytes.Slice(0, HeaderLength).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return header[0] != 0
            ? throw new RpcException(new Status(StatusCode.Unimplemented, "the message is compressed"))
            : length > LongestMessage
            ? throw new RpcException(new Status(StatusCode.ResourceExhausted, "the message is longer than 2 MiB"))
            : length;
    }
}
