using Mags.Storage.Objects;

namespace Mags.Storage.Snapshots;

/// <summary>Reads of objects that have to be there and whole.</summary>
internal static class StoreReads
{
    /// <summary>Fills the buffer from an object.</summary>
    /// <exception cref="ObjectStoreException">It is not there or shorter, beside the store's own faults.</exception>
    public static async Task ReadExactlyAsync(
        this IObjectStore store, string key, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenAsync(key, offset, buffer.Length, cancellationToken)
            ?? throw store.Damaged(key, "it is not there");
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < buffer.Length)
        {
            throw store.Damaged(key, "it is cut off");
        }
    }

    /// <summary>Reads an object whole; null where there is none, or it is larger than it can be.</summary>
    public static async Task<byte[]?> ReadWholeAsync(
        this IObjectStore store, string key, int atMost, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenAsync(key, 0, atMost, cancellationToken);
        if (stream is null)
        {
            return null;
        }

        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        return content.ToArray();
    }

    public static async Task PutAsync(
        this IObjectStore store, string key, byte[] content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content, writable: false);
        await store.PutAsync(key, stream, cancellationToken);
    }

    public static ObjectStoreException Damaged(
        this IObjectStore store, string key, string why, Exception? cause = null) => new(
            ObjectStoreFault.Damaged,
            $"`{key}` in {store.Location} is damaged ({why}): snapshots that need it cannot be restored whole",
            cause);
}
