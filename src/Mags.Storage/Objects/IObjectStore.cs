namespace Mags.Storage.Objects;

/// <summary>
/// Keeps named objects for ever: a folder, or a bucket of S3. Keys are <c>/</c>-separated parts of <c>a-z 0-9 . _ -</c>.
/// What returns is durable, and whole or not there at all, whenever a writer is cut off. Every call may throw
/// <see cref="ObjectStoreException"/>; one that only lacks the network for a moment was tried again before.
/// </summary>
public interface IObjectStore
{
    /// <summary>Where it is, in words for a person: no secret is in it.</summary>
    string Location { get; }

    /// <summary>Writes an object, in the place of one that is there.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="content">Its content from the start; seekable, so that it can be sent again.</param>
    /// <param name="cancellationToken">Gives up; the object is then not there, or as it was.</param>
    Task PutAsync(string key, Stream content, CancellationToken cancellationToken);

    /// <summary>Opens an object, or a part of it, for reading once.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many bytes at most; null for all that follow.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when there is no such object. Its reads may throw <see cref="ObjectStoreException"/> too.</returns>
    Task<Stream?> OpenAsync(string key, long offset, long? length, CancellationToken cancellationToken);

    /// <summary>Deletes an object; nothing happens when it is not there.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>The objects whose keys begin with this, in no certain order.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Reads a small object whole, with its version.</summary>
    /// <returns>Null when there is none.</returns>
    Task<StoredRecord?> ReadRecordAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a small object unless somebody else has meanwhile. Where the store ignores conditions
    /// (<see cref="ConditionalWrites"/>), it is written whatever is there.
    /// </summary>
    /// <param name="key">Its name.</param>
    /// <param name="content">Its content, at most 1 MiB.</param>
    /// <param name="version">The version that it takes the place of; null when none may be there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// Its version; null when another one is there. One with the same content may pass for this one, because an answer may
    /// be lost: what must be one writer's alone has to name the writer in it.
    /// </returns>
    Task<string?> WriteRecordAsync(
        string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken);

    /// <summary>Whether <see cref="WriteRecordAsync"/> heeds its condition; tried out on the store.</summary>
    Task<bool> ConditionalWrites(CancellationToken cancellationToken);
}
