using Mags.Storage.Snapshots;

namespace Mags.Storage.Tests.Fakes;

/// <summary>A disk in memory that takes a snapshot only where it was told to.</summary>
internal sealed class MemoryTarget : IDiskTarget
{
    private IReadOnlyList<DiskRange> _present = [];

    public byte[] Content { get; private set; } = [];

    public Task BeginAsync(long sizeBytes, IReadOnlyList<DiskRange> present, CancellationToken cancellationToken)
    {
        Content = new byte[sizeBytes];
        _present = present;
        var end = -1L;
        foreach (var range in present)
        {
            Assert.True(range.Offset > end);
            end = range.Offset + range.Length;
        }

        return Task.CompletedTask;
    }

    public Task WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Assert.Contains(_present, range => range.Offset <= offset && offset + content.Length <= range.Offset + range.Length);
        content.CopyTo(Content.AsMemory((int)offset));
        return Task.CompletedTask;
    }
}
