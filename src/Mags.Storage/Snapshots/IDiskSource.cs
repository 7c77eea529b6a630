namespace Mags.Storage.Snapshots;

/// <summary>A disk that a snapshot is taken of. Its content does not change meanwhile.</summary>
public interface IDiskSource
{
    /// <summary>Its size.</summary>
    long SizeBytes { get; }

    /// <summary>
    /// What may have changed since the base snapshot, in order and without overlaps; all that is not zero where there is no
    /// base. What is not listed is taken as unchanged.
    /// </summary>
    IAsyncEnumerable<DiskExtent> ListAsync(CancellationToken cancellationToken);

    /// <summary>Fills the buffer with the content from an offset on. One call at a time.</summary>
    Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>A part of a disk.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="IsZero">Known to read as zero, so that it need not be read.</param>
public readonly record struct DiskExtent(long Offset, long Length, bool IsZero);
