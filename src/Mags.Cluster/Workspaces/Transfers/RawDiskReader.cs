using Mags.Storage.Snapshots;

namespace Mags.Cluster.Workspaces.Transfers;

/// <summary>Sends a disk as a raw image: all its bytes in their order.</summary>
internal static class RawDiskReader
{
    // Read while the piece before is sent; as much as two of them is in memory, however large the disk is.
    private const int PieceBytes = 1 << 20;

    private static readonly byte[] _zeros = new byte[PieceBytes];

    /// <summary>Sends all of it.</summary>
    /// <param name="disk">The disk; it has to list all of itself.</param>
    /// <param name="into">Where to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task CopyAsync(IDiskSource disk, Stream into, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[PieceBytes], other = new byte[PieceBytes];
        var sending = Task.CompletedTask;
        try
        {
            await foreach (var extent in disk.ListAsync(cancellationToken))
            {
                var (offset, end) = (extent.Offset, extent.Offset + extent.Length);
                while (offset < end)
                {
                    var count = (int)Math.Min(PieceBytes, end - offset);
                    ReadOnlyMemory<byte> piece = _zeros.AsMemory(0, count);
                    if (!extent.IsZero)
                    {
                        await disk.ReadAsync(offset, buffer.AsMemory(0, count), cancellationToken);
                        ClearBootBlock(buffer, offset);
                        piece = buffer.AsMemory(0, count);
                        (buffer, other) = (other, buffer);
                    }

                    await sending;
                    sending = into.WriteAsync(piece, cancellationToken).AsTask();
                    offset += count;
                }
            }
        }
        finally
        {
            // Its buffer must not go while it is sent.
            await sending;
        }
    }

    /// <summary>
    /// The block before the file system is no part of it, and a guest can write there. Left as it is it could look like the
    /// head of another format, one that names a file of whoever opens the image.
    /// </summary>
    private static void ClearBootBlock(byte[] piece, long offset)
    {
        if (offset < RawDisk.BootBlockBytes)
        {
            piece.AsSpan(0, (int)Math.Min(piece.Length, RawDisk.BootBlockBytes - offset)).Clear();
        }
    }
}
