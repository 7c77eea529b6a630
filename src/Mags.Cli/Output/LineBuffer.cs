using System.Text;

namespace Mags.Cli.Output;

/// <summary>UTF-8 text on its way to a stream. Not safe for more than one thread.</summary>
internal sealed class LineBuffer(Stream stream)
{
    private const int FlushAt = 32 * 1024;

    private byte[] _bytes = new byte[FlushAt];
    private int _length;

    public void Append(string text)
    {
        var needed = _length + Encoding.UTF8.GetByteCount(text);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
        }

        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
        if (_length >= FlushAt)
        {
            Flush();
        }
    }

    /// <summary>Writes what is there. What cannot be written is dropped: trying again would fail again.</summary>
    public void Flush()
    {
        if (_length == 0)
        {
            return;
        }

        var length = _length;
        _length = 0;
        stream.Write(_bytes, 0, length);
    }
}
