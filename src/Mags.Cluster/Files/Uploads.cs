using System.Runtime.CompilerServices;
using Mags.Cluster.Objects;
using Mags.Data.Files;
using Mags.Data.Workspaces;
using Mags.Storage.Objects;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Files;

/// <summary>
/// Uploaded files: a row each, and its content in the object store. The content comes first and goes last, so that no row
/// is ever without it; what a crash in between leaves is found by <see cref="UploadSweeper"/>.
/// </summary>
public sealed partial class Uploads
{
    private readonly FileStore _files;
    private readonly SnapshotStore _snapshots;
    private readonly IObjectStore _objects;
    private readonly StoreGate _gate;
    private readonly TimeProvider _time;
    private readonly ILogger<Uploads> _logger;

    private string? _prefix;

    internal Uploads(
        FileStore files,
        SnapshotStore snapshots,
        IObjectStore objects,
        StoreGate gate,
        TimeProvider time,
        ILogger<Uploads> logger)
    {
        (_files, _snapshots, _objects, _gate) = (files, snapshots, objects, gate);
        (_time, _logger) = (time, logger);
    }

    /// <summary>Keeps a file. It is durable when this returns.</summary>
    /// <param name="userId">Whose it is.</param>
    /// <param name="name">Its plain name.</param>
    /// <param name="content">Its content; seekable.</param>
    /// <param name="sha256">SHA-256 of the content.</param>
    /// <param name="cancellationToken">Gives up; nothing is kept then.</param>
    /// <exception cref="ObjectStoreException">The store did not take it; nothing is kept.</exception>
    public async Task<FileRow> KeepAsync(
        Guid userId, string name, Stream content, byte[] sha256, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var file = new FileRow
        {
            Id = Guid.CreateVersion7(now),
            UserId = userId,
            Name = name,
            Bytes = content.Length,
            Sha256 = sha256,
            CreatedAt = now,
            LastUsedAt = now,
        };
        await _gate.OpenAsync(cancellationToken);
        await _objects.PutAsync(await KeyOfAsync(file.Id, cancellationToken), content, cancellationToken);
        try
        {
            await _files.AddAsync(file, cancellationToken);
        }
        catch
        {
            await RemoveContentAsync(file.Id, CancellationToken.None);
            throw;
        }

        LogKept(file.Id, file.Bytes);
        return file;
    }

    /// <summary>Opens a file's content, which ends in an exception when it is not what was uploaded.</summary>
    /// <returns>Null when it is gone.</returns>
    /// <exception cref="ObjectStoreException">The store does not give it; also thrown by reads.</exception>
    internal async Task<Stream?> OpenAsync(FileRow file, CancellationToken cancellationToken) =>
        await _objects.OpenAsync(await KeyOfAsync(file.Id, cancellationToken), 0, null, cancellationToken) is { } content
            ? new CheckedContent(content, file, _objects.Location)
            : null;

    /// <summary>Removes the content of a file that has no row any more; one that stays is found later.</summary>
    internal async Task RemoveContentAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            await _objects.DeleteAsync(await KeyOfAsync(id, cancellationToken), cancellationToken);
        }
        catch (ObjectStoreException exception)
        {
            LogContentLeft(id, exception.Message);
        }
    }

    /// <summary>Ids and times of all contents there are.</summary>
    internal async IAsyncEnumerable<(Guid Id, DateTimeOffset WrittenAt)> ListContentsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = await PrefixAsync(cancellationToken);
        await foreach (var stored in _objects.ListAsync(prefix, cancellationToken))
        {
            if (Guid.TryParseExact(stored.Key[prefix.Length..], "D", out var id))
            {
                yield return (id, stored.WrittenAt);
            }
        }
    }

    private async Task<string> KeyOfAsync(Guid id, CancellationToken cancellationToken) =>
        $"{await PrefixAsync(cancellationToken)}{id:D}";

    /// <summary>Of its own for each database: another's uploads in the same store have no rows here.</summary>
    private async Task<string> PrefixAsync(CancellationToken cancellationToken) =>
        _prefix ??= $"files/{await _snapshots.GetDatabaseIdAsync(cancellationToken):N}/";

    [LoggerMessage(LogLevel.Information, "File {FileId} of {Bytes} bytes was uploaded")]
    private partial void LogKept(Guid fileId, long bytes);

    [LoggerMessage(LogLevel.Warning, "The content of file {FileId} could not be removed; tried again later: {Message}")]
    private partial void LogContentLeft(Guid fileId, string message);
}
