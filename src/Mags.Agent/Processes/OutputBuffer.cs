using Mags.Protocol;

namespace Mags.Agent.Processes;

/// <summary>A process's output, of both streams in the order read, from the first unacknowledged byte on.</summary>
/// <remarks>
/// Bounded at about 256 KiB: when it is full the pipes are not read and the process waits. One small block is always
/// granted, so a process goes on however much the others hold. Not thread-safe: its process locks.
/// </remarks>
internal sealed class OutputBuffer(OutputBudget budget)
{
    private const int SmallBlock = 4 * 1024;
    private const int LargeBlock = 32 * 1024;
    private const int MaximumBlocks = 8;

    private readonly List<OutputBlock> _blocks = [];
    private bool _isReleased;

    /// <summary>Offset of the first byte that is still here.</summary>
    public ulong Start { get; private set; }

    /// <summary>Offset behind the last byte.</summary>
    public ulong End { get; private set; }

    /// <summary>Space to read a stream's next bytes into; empty when the buffer is full.</summary>
    public Memory<byte> SpaceFor(OutputStream stream)
    {
        var space = _blocks.Count > 0 ? _blocks[^1].SpaceFor(stream) : Memory<byte>.Empty;
        if (!space.IsEmpty || _isReleased || _blocks.Count == MaximumBlocks)
        {
            return space;
        }

        // The very first block is small: most processes write little.
        var isLarge = End > 0 && budget.TryTake();
        if (!isLarge && _blocks.Count > 0)
        {
            return Memory<byte>.Empty;
        }

        _blocks.Add(new OutputBlock(isLarge ? LargeBlock : SmallBlock, End, isLarge));
        return _blocks[^1].SpaceFor(stream);
    }

    /// <summary>Says how much was read into the space just handed out.</summary>
    public void Append(OutputStream stream, int count)
    {
        _blocks[^1].Append(stream, count);
        End += (ulong)count;
    }

    /// <summary>The next bytes from an offset on; false at the end.</summary>
    public bool TryGet(ulong offset, out OutputSlice slice)
    {
        foreach (var block in _blocks)
        {
            if (offset >= block.Start && offset < block.End)
            {
                slice = block.SliceAt(offset);
                return true;
            }
        }

        slice = default;
        return false;
    }

    /// <summary>Forgets everything below an offset.</summary>
    public void Forget(ulong offset)
    {
        Start = Math.Clamp(offset, Start, End);
        while (_blocks.Count > 0 && _blocks[0].End <= Start && (_blocks.Count > 1 || _blocks[0].IsFull))
        {
            DropFirst();
        }
    }

    /// <summary>Gives all memory back; nothing is kept any more.</summary>
    public void Release()
    {
        _isReleased = true;
        while (_blocks.Count > 0)
        {
            DropFirst();
        }
    }

    private void DropFirst()
    {
        if (_blocks[0].IsBudgeted)
        {
            budget.Return();
        }

        _blocks.RemoveAt(0);
    }
}
