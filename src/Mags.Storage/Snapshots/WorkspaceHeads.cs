using System.Runtime.CompilerServices;
using System.Text.Json;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>The records that say which snapshot is whose newest. All that a head names is in the store whole.</summary>
public sealed class WorkspaceHeads
{
    private readonly IObjectStore _store;

    internal WorkspaceHeads(IObjectStore store)
    {
        _store = store;
    }

    /// <summary>The head of a workspace; null when it has none.</summary>
    /// <exception cref="ObjectStoreException">It is damaged, or of a newer version, or the store cannot be read.</exception>
    public Task<StoredHead?> ReadAsync(string user, string workspace, CancellationToken cancellationToken) =>
        ReadAsync(StoreKeys.Head(user, workspace), cancellationToken);

    /// <summary>All heads in the store, of every database that writes to it.</summary>
    /// <exception cref="ObjectStoreException">One is damaged, or the store cannot be read.</exception>
    public async IAsyncEnumerable<StoredHead> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in _store.ListAsync(StoreKeys.Heads, cancellationToken))
        {
            if (await ReadAsync(item.Key, cancellationToken) is { } head)
            {
                yield return head;
            }
        }
    }

    /// <summary>
    /// Makes a snapshot the workspace's newest. Nothing is overwritten that another database wrote, or that was written
    /// since the version was read. Where the store ignores conditions, two that write at the same moment may still both
    /// succeed; the last one stays.
    /// </summary>
    /// <param name="head">What it is to say; its snapshot is in the store already.</param>
    /// <param name="version">Of the head that was read before; null when there was none.</param>
    /// <param name="cancellationToken">Gives up; it may be written or not.</param>
    public async Task<HeadWrite> WriteAsync(WorkspaceHead head, string? version, CancellationToken cancellationToken)
    {
        var key = StoreKeys.Head(head.User, head.Workspace);
        var there = await ReadAsync(key, cancellationToken);
        if (there?.Version != version || (there is not null && there.Head.Writer != head.Writer))
        {
            return new HeadWrite(null, there?.Head);
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(HeadRecord.Of(head), HeadJson.Default.HeadRecord);
        return await _store.WriteRecordAsync(key, content, version, cancellationToken) is { } written
            ? new HeadWrite(written, null)
            : new HeadWrite(null, (await ReadAsync(key, cancellationToken))?.Head);
    }

    /// <summary>
    /// Deletes a workspace's head, unless it is another database's, or that of another workspace which has the name now. Its
    /// snapshots are swept later.
    /// </summary>
    /// <returns>Whether there is none of this workspace now.</returns>
    public async Task<bool> DeleteAsync(
        Guid writer, string user, string workspace, Guid? workspaceId, CancellationToken cancellationToken)
    {
        var key = StoreKeys.Head(user, workspace);
        if (await ReadAsync(key, cancellationToken) is { Head: var there }
            && (there.Writer != writer || (there.WorkspaceId ?? workspaceId) != workspaceId))
        {
            return false;
        }

        await _store.DeleteAsync(key, cancellationToken);
        return true;
    }

    internal async Task<StoredHead?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        if (await _store.ReadRecordAsync(key, cancellationToken) is not { } record)
        {
            return null;
        }

        try
        {
            var read = JsonSerializer.Deserialize(record.Content.Span, HeadJson.Default.HeadRecord)
                ?? throw new JsonException("it is empty");
            return read.Format == HeadRecord.CurrentFormat && StoreKeys.Snapshot(read.Snapshot) is not null
                && (read.Previous is null || StoreKeys.Snapshot(read.Previous) is not null)
                ? new StoredHead(read.ToHead(), record.Version)
                : throw new JsonException($"its format {read.Format} or a snapshot's id in it is not known");
        }
        catch (JsonException exception)
        {
            throw _store.Damaged(key, exception.Message, exception);
        }
    }
}
