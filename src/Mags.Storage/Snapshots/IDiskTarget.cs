namespace Mags.Storage.Snapshots;

/// <summary>A disk that a snapshot is restored to.</summary>
public interface IDiskTarget
{
    /// <summary>
    /// Called once before anything is written. What is in none of the ranges reads as zero in the snapshot and is not
    /// written: the target has to see to it.
    /// </summary>
    /// <param name="sizeBytes">The disk's size.</param>
    /// <param name="present">What will be written, in order, joined where it touches.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task BeginAsync(long sizeBytes, IReadOnlyList<DiskRange> present, CancellationToken cancellationToken);

    /// <summary>
    /// Writes verified content; in no certain order, and several calls at once for different places. The memory is not to
    /// be used after the call.
    /// </summary>
    Task WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}

/// <summary>A range of a disk.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">How many bytes.</param>
public readonly record struct DiskRange(long Offset, long Length);
