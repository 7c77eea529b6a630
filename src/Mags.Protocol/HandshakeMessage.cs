namespace Mags.Protocol;

/// <summary>One message of the session handshake: a mark that says its kind, then the host's nonce.</summary>
/// <remarks>
/// Read as the start of an HTTP/2 frame, a mark announces a frame of 7 MB: an end that takes it for the rest of an older
/// session ends that session at once, with a frame size error.
/// </remarks>
internal sealed record HandshakeMessage(HandshakeKind Kind, byte[] Nonce)
{
    public const int MarkLength = 16;
    public const int NonceLength = 16;
    public const int Length = MarkLength + NonceLength;

    /// <summary>What every mark starts with.</summary>
    public static ReadOnlySpan<byte> MarkPrefix => "mags:agent:"u8;

    public static HandshakeKind? KindOf(ReadOnlySpan<byte> mark) =>
        mark.SequenceEqual(MarkOf(HandshakeKind.Hello)) ? HandshakeKind.Hello
        : mark.SequenceEqual(MarkOf(HandshakeKind.Reply)) ? HandshakeKind.Reply
        : mark.SequenceEqual(MarkOf(HandshakeKind.Start)) ? HandshakeKind.Start
        : null;

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        MarkOf(Kind).CopyTo(bytes);
        Nonce.CopyTo(bytes, MarkLength);
        return bytes;
    }

    private static ReadOnlySpan<byte> MarkOf(HandshakeKind kind) => kind switch
    {
        HandshakeKind.Hello => "mags:agent:HELLO"u8,
        HandshakeKind.Reply => "mags:agent:REPLY"u8,
        _ => "mags:agent:START"u8,
    };
}
