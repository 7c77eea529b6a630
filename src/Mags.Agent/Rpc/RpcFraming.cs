using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace Mags.Agent.Rpc;

/// <summary>Puts the length prefix before a message and has it written into the response itself, without a copy.</summary>
internal sealed class RpcFraming(PipeWriter output) : SerializationContext
{
    private const int HeaderLength = 5;

    public override void SetPayloadLength(int payloadLength)
    {
        var header = output.GetSpan(HeaderLength);
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], payloadLength);
        output.Advance(HeaderLength);
    }

    public override IBufferWriter<byte> GetBufferWriter() => output;

    public override void Complete(byte[] payload)
    {
        SetPayloadLength(payload.Length);
        output.Write(payload);
    }

    public override void Complete()
    {
    }
}
