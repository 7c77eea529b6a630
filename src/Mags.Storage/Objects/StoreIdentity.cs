using System.Text.Json;

namespace Mags.Storage.Objects;

/// <summary>
/// The mark that a bucket or folder holds a Mags store, and which. It keeps a server from writing among other programs'
/// objects, and from using a store whose format it does not know.
/// </summary>
/// <param name="StoreId">Made with the store, and never changed.</param>
public sealed record StoreIdentity(Guid StoreId)
{
    private const string Key = "store.json";
    private const int Format = 1;

    /// <summary>Reads the mark, or makes it in an empty store. To be called before anything is written.</summary>
    /// <param name="store">The store.</param>
    /// <param name="wanted">The store that it has to be, as where a disk is not mounted another one is; null for any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ObjectStoreException">
    /// The store cannot be reached, is another one, is not empty and holds no Mags store, or is of a newer version.
    /// </exception>
    public static async Task<StoreIdentity> OpenAsync(
        IObjectStore store, Guid? wanted, CancellationToken cancellationToken)
    {
        if (await store.ReadRecordAsync(Key, cancellationToken) is { } there)
        {
            var found = Read(store, there.Content);
            return found.StoreId == (wanted ?? found.StoreId) ? found : throw Another(store, "another store");
        }

        await foreach (var other in store.ListAsync("", cancellationToken))
        {
            // What a probe left that was cut off is ours.
            if (!other.Key.StartsWith("probe/", StringComparison.Ordinal))
            {
                throw new ObjectStoreException(
                    ObjectStoreFault.Denied,
                    $"{store.Location} is not empty and holds no Mags store; name an empty one, or a prefix (`ObjectStore:S3:Prefix`)");
            }
        }

        if (wanted is not null)
        {
            throw Another(store, "empty");
        }

        var made = new StoreIdentity(Guid.NewGuid());
        var content = JsonSerializer.SerializeToUtf8Bytes(
            new StoreMark(Format, made.StoreId), StoreMarkJson.Default.StoreMark);
        await store.WriteRecordAsync(Key, content, null, cancellationToken);

        // Of two servers that start at once, both go on with the one that is there at last.
        return await store.ReadRecordAsync(Key, cancellationToken) is { } written ? Read(store, written.Content) : made;
    }

    private static StoreIdentity Read(IObjectStore store, ReadOnlyMemory<byte> content)
    {
        StoreMark? mark;
        try
        {
            mark = JsonSerializer.Deserialize(content.Span, StoreMarkJson.Default.StoreMark);
        }
        catch (JsonException exception)
        {
            throw Unreadable(store, exception);
        }

        if (mark is null || mark.Format < 1 || mark.StoreId == Guid.Empty)
        {
            throw Unreadable(store, null);
        }

        return mark.Format <= Format
            ? new StoreIdentity(mark.StoreId)
            : throw new ObjectStoreException(
                ObjectStoreFault.Denied,
                $"{store.Location} has format {mark.Format}, and this version of Mags knows up to {Format}: use the version that wrote it, or a newer one");
    }

    private static ObjectStoreException Another(IObjectStore store, string what) => new(
        ObjectStoreFault.Denied,
        $"{store.Location} is {what}, and not the store with this server's workspaces: mount that one, or set `ObjectStore` as it "
        + "was; to go on with this one, set `ObjectStore:AcceptOther` (what only the former one has cannot be used then)");

    private static ObjectStoreException Unreadable(IObjectStore store, Exception? cause) =>
        new(ObjectStoreFault.Damaged, $"`{Key}` in {store.Location} is no mark of a Mags store", cause);
}
