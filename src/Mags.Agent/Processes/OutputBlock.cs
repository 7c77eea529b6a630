using Mags.Protocol;

namespace Mags.Agent.Processes;

/// <summary>A stretch of a process's output, and which of it came from which stream.</summary>
internal sealed class OutputBlock(int size, ulong start, bool isBudgeted)
{
    // Writes that alternate between the streams byte by byte would else need more memory for runs than for bytes.
    private const int MaximumRuns = 1024;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(size);
    private readonly List<(int Start, OutputStream Stream)> _runs = [];
    private int _length;

    public ulong Start => start;

    public ulong End => start + (ulong)_length;

    public bool IsBudgeted => isBudgeted;

    public bool IsFull => _length == _bytes.Length || _runs.Count == MaximumRuns;

    /// <summary>Free space for bytes of a stream; empty when a new block is needed.</summary>
    public Memory<byte> SpaceFor(OutputStream stream) =>
        _runs.Count == MaximumRuns && _runs[^1].Stream != stream ? Memory<byte>.Empty : _bytes.AsMemory(_length);

    public void Append(OutputStream stream, int count)
    {
        if (_runs.Count == 0 || _runs[^1].Stream != stream)
        {
            _runs.Add((_length, stream));
        }

        _length += count;
    }

    /// <summary>The bytes from an offset inside this block up to the next change of stream.</summary>
    public OutputSlice SliceAt(ulong offset)
    {
        var position = (int)(offset - start);
        var run = _runs.Count - 1;
        while (_runs[run].Start > position)
        {
            run--;
        }

        var end = run + 1 < _runs.Count ? _runs[run + 1].Start : _length;
        return new OutputSlice(_runs[run].Stream, offset, _bytes.AsMemory(position, end - position));
    }
}
