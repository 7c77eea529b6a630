namespace Mags.Protocol;

/// <summary>The three steps of the session handshake, in order.</summary>
internal enum HandshakeKind
{
    /// <summary>Host to guest: a new session is wanted.</summary>
    Hello,

    /// <summary>Guest to host: the hello with this nonce was seen.</summary>
    Reply,

    /// <summary>Host to guest: the next byte is the session's first.</summary>
    Start,
}
