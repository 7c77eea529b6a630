namespace Mags.Protocol;

/// <summary>Finds handshake messages in a stream and drops everything else.</summary>
internal sealed class HandshakeReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>The next handshake message.</summary>
    /// <exception cref="EndOfStreamException">The stream ended before one came.</exception>
    public async Task<HandshakeMessage> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake() is { } message)
            {
                return message;
            }

            // What is kept is at most one incomplete message, so there is always room behind it.
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                throw new EndOfStreamException("The other side closed the stream during the handshake.");
            }

            _end += count;
        }
    }

    /// <summary>Bytes that came behind the last message: the session's first ones.</summary>
    public byte[] TakeRest()
    {
        var rest = _buffer[_start.._end];
        _start = _end;
        return rest;
    }

    private HandshakeMessage? TryTake()
    {
        while (true)
        {
            _start += StaleBytes(_buffer.AsSpan(_start.._end));
            if (_end - _start < HandshakeMessage.Length)
            {
                return null;
            }

            if (HandshakeMessage.KindOf(_buffer.AsSpan(_start, HandshakeMessage.MarkLength)) is { } kind)
            {
                var nonce = _buffer[(_start + HandshakeMessage.MarkLength)..(_start + HandshakeMessage.Length)];
                _start += HandshakeMessage.Length;
                return new HandshakeMessage(kind, nonce);
            }

            _start++;
        }
    }

    /// <summary>How many leading bytes cannot belong to a mark.</summary>
    private static int StaleBytes(ReadOnlySpan<byte> bytes)
    {
        var prefix = HandshakeMessage.MarkPrefix;
        var found = bytes.IndexOf(prefix);
        if (found >= 0)
        {
            return found;
        }

        var tail = Math.Min(prefix.Length - 1, bytes.Length);
        while (!prefix.StartsWith(bytes[^tail..]))
        {
            tail--;
        }

        return bytes.Length - tail;
    }
}
