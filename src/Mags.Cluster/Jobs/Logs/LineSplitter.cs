namespace Mags.Cluster.Jobs.Logs;

/// <summary>Takes one line that a <see cref="LineSplitter"/> found.</summary>
internal delegate void LineHandler(ReadOnlySpan<byte> line);

/// <summary>
/// Cuts one stream of bytes into lines at <c>\n</c>, which alone is removed. A line longer than the limit is handed
/// on in parts, cut between characters where it is UTF-8. Holds at most one line's worth of bytes.
/// </summary>
internal sealed class LineSplitter(int maxLineBytes, LineHandler onLine)
{
    private byte[] _partial = [];
    private int _length;

    public void Push(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var newline = data.IndexOf((byte)'\n');
            var piece = newline < 0 ? data : data[..newline];
            data = newline < 0 ? [] : data[(newline + 1)..];
            if (newline >= 0 && _length == 0 && piece.Length <= maxLineBytes)
            {
                onLine(piece);
                continue;
            }

            Collect(piece);
            if (newline >= 0)
            {
                onLine(_partial.AsSpan(0, _length));
                _length = 0;
            }
        }
    }

    /// <summary>Hands on what stands after the last newline, if anything does.</summary>
    public void Flush()
    {
        if (_length > 0)
        {
            onLine(_partial.AsSpan(0, _length));
            _length = 0;
        }
    }

    private void Collect(ReadOnlySpan<byte> piece)
    {
        while (_length + piece.Length > maxLineBytes)
        {
            var room = maxLineBytes - _length;
            Copy(piece[..room]);
            piece = piece[room..];
            var cut = LastCharacterEnd(_partial.AsSpan(0, _length));
            onLine(_partial.AsSpan(0, cut));
            _partial.AsSpan(cut, _length - cut).CopyTo(_partial);
            _length -= cut;
        }

        Copy(piece);
    }

    private void Copy(ReadOnlySpan<byte> piece)
    {
        if (_partial.Length < _length + piece.Length)
        {
            var size = Math.Min(Math.Max(2 * (_length + piece.Length), 1024), maxLineBytes);
            Array.Resize(ref _partial, size);
        }

        piece.CopyTo(_partial.AsSpan(_length));
        _length += piece.Length;
    }

    /// <summary>Where to cut so that a UTF-8 character at the end that is not whole yet stays together.</summary>
    private static int LastCharacterEnd(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= 3 && back < bytes.Length; back++)
        {
            var value = bytes[^back];
            if ((value & 0xC0) == 0x80)
            {
                continue;
            }

            var wanted = value switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return wanted > back ? bytes.Length - back : bytes.Length;
        }

        return bytes.Length;
    }
}
