namespace Mags.Machines.Nbd;

/// <summary>Takes what a peer sends piece by piece. A piece is good until the next one is taken.</summary>
internal sealed class NbdReader(Stream stream)
{
    /// <summary>The longest piece that can be taken at once.</summary>
    internal const int Capacity = 256 * 1024;

    private readonly byte[] _buffer = new byte[Capacity];
    private int _start;
    private int _end;

    /// <summary>Takes so many bytes.</summary>
    /// <exception cref="EndOfStreamException">The peer has closed.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int count, CancellationToken cancellationToken = default)
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }

        if (_end - _start < count && Capacity - _start < count)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < count)
        {
            await FillAsync(cancellationToken);
        }

        _start += count;
        return _buffer.AsMemory(_start - count, count);
    }

    /// <summary>Takes what is there, at least one byte and at most so many.</summary>
    /// <exception cref="EndOfStreamException">The peer has closed.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>> TakeSomeAsync(int most)
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
            await FillAsync(CancellationToken.None);
        }

        var count = Math.Min(most, _end - _start);
        _start += count;
        return _buffer.AsMemory(_start - count, count);
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read > 0 ? read : throw new EndOfStreamException("The peer has closed.");
    }
}
