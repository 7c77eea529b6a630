using System.Security.Cryptography;
using Mags.Data.Files;
using Mags.Storage.Objects;

namespace Mags.Cluster.Files;

/// <summary>A file's content as it comes from the store: its end is told only when all of it is what was uploaded.</summary>
internal sealed class CheckedContent(Stream content, FileRow file, string location) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _count;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => file.Bytes;

    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await content.ReadAsync(buffer, cancellationToken);
        _count += count;
        _hash.AppendData(buffer.Span[..count]);
        var isWhole = _count < file.Bytes
            ? count > 0 || buffer.IsEmpty
            : _count == file.Bytes && (count > 0 || buffer.IsEmpty || _hash.GetCurrentHash().AsSpan().SequenceEqual(file.Sha256));
        return isWhole
            ? count
            : throw new ObjectStoreException(
                ObjectStoreFault.Damaged, $"{location} has other content than was uploaded; upload the file again");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await content.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            content.Dispose();
        }

        base.Dispose(disposing);
    }
}
