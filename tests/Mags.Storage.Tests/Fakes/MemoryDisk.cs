using System.Runtime.CompilerServices;
using Mags.Storage.Snapshots;

namespace Mags.Storage.Tests.Fakes;

/// <summary>A disk in memory that knows what was written to it since it was last asked.</summary>
internal sealed class MemoryDisk : IDiskSource
{
    private const int Block = 4096;

    private readonly SortedSet<int> _changed = [];

    public MemoryDisk(int sizeBytes)
    {
        Content = new byte[sizeBytes];
    }

    public byte[] Content { get; private set; }

    public long SizeBytes => Content.Length;

    public long BytesRead { get; private set; }

    public void Write(int offset, ReadOnlySpan<byte> content)
    {
        content.CopyTo(Content.AsSpan(offset));
        Mark(offset, content.Length);
    }

    public void Clear(int offset, int length)
    {
        Content.AsSpan(offset, length).Clear();
        Mark(offset, length);
    }

    /// <summary>Marks as changed what is the same as before.</summary>
    public void Mark(int offset, int length)
    {
        for (var block = offset / Block; length > 0 && block <= (offset + length - 1) / Block; block++)
        {
            _changed.Add(block);
        }
    }

    public void Grow(int sizeBytes)
    {
        var grown = new byte[sizeBytes];
        Content.CopyTo(grown, 0);
        Content = grown;
    }

    /// <summary>From now on, changes are to what it is now.</summary>
    public void Seal() => _changed.Clear();

    /// <summary>Another disk that begins with the same content.</summary>
    public MemoryDisk Fork()
    {
        var fork = new MemoryDisk(Content.Length);
        Content.CopyTo(fork.Content, 0);
        return fork;
    }

    public async IAsyncEnumerable<DiskExtent> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var block in _changed)
        {
            var offset = (long)block * Block;
            var length = Math.Min(Block, SizeBytes - offset);
            yield return new DiskExtent(offset, length, Content.AsSpan((int)offset, (int)length).IndexOfAnyExcept((byte)0) < 0);
        }
    }

    public Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Content.AsSpan((int)offset, buffer.Length).CopyTo(buffer.Span);
        BytesRead += buffer.Length;
        return Task.CompletedTask;
    }
}
