using System.Security.Cryptography;

namespace Mags.Protocol;

/// <summary>Turns a byte stream without connections (a virtio-serial port) into a clean session for HTTP/2.</summary>
/// <remarks>
/// Such a port keeps bytes of a session that broke, in both directions. Three messages, each a 16 byte mark and a 16 byte
/// nonce, separate the sessions: the host says HELLO, the guest REPLY, the host START; whatever comes before the awaited
/// mark is dropped. The host says HELLO again, with a new nonce, when no answer comes: the first may have been taken for
/// the rest of an older session. Only the newest nonce counts, so a late answer to an older one is dropped as well.
/// A host that closed a session waits 20 ms before it dials again, so that the guest's kernel can report the hang-up.
/// </remarks>
public static class AgentSession
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(2);

    /// <summary>Waits for the host to open a session; the guest's side.</summary>
    /// <param name="stream">The port. The session owns it from here on, except when this method throws.</param>
    /// <param name="cancellationToken">Gives up; there is no other time limit.</param>
    /// <returns>The session's stream, at its first byte.</returns>
    /// <exception cref="EndOfStreamException">The other side closed before the session was open.</exception>
    public static async Task<Stream> AcceptAsync(Stream stream, CancellationToken cancellationToken)
    {
        var reader = new HandshakeReader(stream);
        byte[]? nonce = null;
        while (true)
        {
            var message = await reader.ReadAsync(cancellationToken);
            if (message.Kind == HandshakeKind.Hello)
            {
                nonce = message.Nonce;
                await SendAsync(stream, HandshakeKind.Reply, nonce, cancellationToken);
            }
            else if (message.Kind == HandshakeKind.Start && nonce is not null && nonce.AsSpan().SequenceEqual(message.Nonce))
            {
                return new SessionStream(stream, reader.TakeRest());
            }
        }
    }

    /// <summary>Opens a session; the host's side.</summary>
    /// <param name="stream">The port. The session owns it from here on, except when this method throws.</param>
    /// <param name="time">Says when to say hello again.</param>
    /// <param name="cancellationToken">Gives up; there is no other time limit.</param>
    /// <returns>The session's stream, at its first byte.</returns>
    /// <exception cref="EndOfStreamException">The other side closed before the session was open.</exception>
    public static async Task<Stream> DialAsync(Stream stream, TimeProvider time, CancellationToken cancellationToken)
    {
        var reader = new HandshakeReader(stream);
        var nonce = await SayHelloAsync(stream, cancellationToken);
        var retry = _firstRetry;
        var reply = reader.ReadAsync(cancellationToken);
        while (true)
        {
            if (!await EndedWithinAsync(reply, retry, time, cancellationToken))
            {
                retry = retry * 2 < _longestRetry ? retry * 2 : _longestRetry;
                nonce = await SayHelloAsync(stream, cancellationToken);
                continue;
            }

            var message = await reply;
            if (message.Kind == HandshakeKind.Reply && nonce.AsSpan().SequenceEqual(message.Nonce))
            {
                await SendAsync(stream, HandshakeKind.Start, nonce, cancellationToken);
                return new SessionStream(stream, reader.TakeRest());
            }

            reply = reader.ReadAsync(cancellationToken);
        }
    }

    private static async Task<bool> EndedWithinAsync(
        Task task, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(task, Task.Delay(limit, time, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return first == task;
    }

    private static async Task<byte[]> SayHelloAsync(Stream stream, CancellationToken cancellationToken)
    {
        var nonce = RandomNumberGenerator.GetBytes(HandshakeMessage.NonceLength);
        await SendAsync(stream, HandshakeKind.Hello, nonce, cancellationToken);
        return nonce;
    }

    private static async Task SendAsync(
        Stream stream, HandshakeKind kind, byte[] nonce, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(new HandshakeMessage(kind, nonce).ToBytes(), cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }
}
