using System.Buffers;
using Grpc.Core;

namespace Mags.Agent.Rpc;

/// <summary>A message's bytes, for its parser.</summary>
internal sealed class RpcPayload(ReadOnlySequence<byte> bytes) : DeserializationContext
{
    public override int PayloadLength => (int)bytes.Length;

    public override byte[] PayloadAsNewBuffer() => bytes.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => bytes;
}
