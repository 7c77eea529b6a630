namespace Mags.Machines.Nbd;

/// <summary>A read. Its parts come in order and without gaps, so no old content of the buffer can pass for the disk's.</summary>
internal sealed class NbdReadRequest(long offset, Memory<byte> into) : NbdRequest
{
    private readonly Lock _lock = new();
    private readonly int _length = into.Length;
    private Memory<byte> _rest = into;
    private int _filled;

    protected override bool IsWhole => _filled == _length;

    internal override void TakeData(long offset, ReadOnlySpan<byte> data)
    {
        var length = data.Length;
        lock (_lock)
        {
            Advance(offset, length, data, static (rest, data) => data.CopyTo(rest));
        }
    }

    internal override void TakeHole(long offset, uint length)
    {
        lock (_lock)
        {
            Advance(offset, length, default, static (rest, _) => rest.Clear());
        }
    }

    internal override void Abandon()
    {
        lock (_lock)
        {
            _rest = default;
        }
    }

    private delegate void Put(Span<byte> rest, ReadOnlySpan<byte> data);

    private void Advance(long at, long length, ReadOnlySpan<byte> data, Put put)
    {
        if (at != offset + _filled || length > _length - _filled)
        {
            throw new InvalidDataException("The export gave other bytes than it was asked for.");
        }

        _filled += (int)length;
        if (!_rest.IsEmpty)
        {
            put(_rest.Span[..(int)length], data);
            _rest = _rest[(int)length..];
        }
    }
}
