using System.Security.Cryptography;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>The image files that workspaces in the store lie over, each once.</summary>
public sealed class ImageObjects
{
    private const int BufferBytes = 1 << 20;

    private readonly IObjectStore _store;

    internal ImageObjects(IObjectStore store)
    {
        _store = store;
    }

    /// <summary>Whether an image is in the store.</summary>
    /// <param name="digest">Its SHA-256 as 64 hexadecimal digits in lower case.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken)
    {
        await using var stream = await _store.OpenAsync(KeyOf(digest), 0, 0, cancellationToken);
        return stream is not null;
    }

    /// <summary>Sends an image, unless it is there.</summary>
    /// <param name="digest">Its SHA-256 as 64 hexadecimal digits in lower case.</param>
    /// <param name="content">The file, seekable.</param>
    /// <param name="cancellationToken">Gives up; it is not there then.</param>
    /// <returns>Whether it was sent.</returns>
    /// <exception cref="InvalidDataException">The content has another digest; nothing was sent.</exception>
    public async Task<bool> PutAsync(string digest, Stream content, CancellationToken cancellationToken)
    {
        if (await ExistsAsync(digest, cancellationToken))
        {
            return false;
        }

        content.Position = 0;
        if (Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)) != digest)
        {
            throw new InvalidDataException($"the file of image {digest} has another SHA-256");
        }

        await _store.PutAsync(KeyOf(digest), content, cancellationToken);
        return true;
    }

    /// <summary>Fetches an image.</summary>
    /// <param name="digest">Its SHA-256 as 64 hexadecimal digits in lower case.</param>
    /// <param name="target">Gets the content, which is not to be used when this throws.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when it is not in the store.</returns>
    /// <exception cref="ObjectStoreException">It is damaged, or the store cannot be read.</exception>
    public async Task<bool> GetAsync(string digest, Stream target, CancellationToken cancellationToken)
    {
        await using var stream = await _store.OpenAsync(KeyOf(digest), 0, null, cancellationToken);
        if (stream is null)
        {
            return false;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, count);
            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == digest
            ? true
            : throw _store.Damaged(KeyOf(digest), "it has another SHA-256");
    }

    private static string KeyOf(string digest) => digest.Length == 64 && digest.All(char.IsAsciiHexDigitLower)
        ? StoreKeys.Images + digest
        : throw new ArgumentException($"`{digest}` is no digest of an image", nameof(digest));
}
