using System.Text.Json;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;
using Microsoft.Extensions.Options;

namespace Mags.Storage.Snapshots;

/// <summary>
/// Deletes what nothing names any more. An object goes only when sweeps a grace time apart, and all between them, found it
/// unnamed: a sync in flight, a fork of a snapshot that has just been replaced and a restore that reads it are all shorter.
/// One sweep at a time for each database.
/// </summary>
public sealed class StoreSweeper
{
    private const int MaxNotesBytes = 256 << 20;
    private const string HeldSuffix = ".held.json";

    private readonly IObjectStore _store;
    private readonly WorkspaceHeads _heads;
    private readonly SnapshotReader _reader;
    private readonly TimeSpan _grace;

    internal StoreSweeper(
        IObjectStore store, WorkspaceHeads heads, SnapshotReader reader, IOptions<ObjectStoreOptions> options)
    {
        _store = store;
        _heads = heads;
        _reader = reader;
        _grace = options.Value.SweepGrace;
    }

    /// <summary>Sweeps once. It may be cut off anywhere: the next one goes on.</summary>
    /// <exception cref="ObjectStoreException">The store cannot be read or written.</exception>
    public async Task<SweepResult> SweepAsync(SweepWish wish, CancellationToken cancellationToken)
    {
        // 1. Our heads whose workspaces are gone: what they named is unnamed from now on.
        var headsDeleted = await DeleteHeadsAsync(wish, cancellationToken);

        // What others must not delete, though no head names it.
        await _store.PutAsync(
            HeldKey(wish.Writer),
            JsonSerializer.SerializeToUtf8Bytes(
                new HeldSnapshots(HeldSnapshots.CurrentFormat, [.. wish.Snapshots]), SweepJson.Default.HeldSnapshots),
            cancellationToken);

        // 2. All objects, before what is named: one that is named meanwhile is then seen as named.
        var objects = await ListAsync(wish, cancellationToken);
        var (named, fault) = await NamedAsync(wish, [.. objects.Select(item => item.Key)], cancellationToken);

        // 3. What is unnamed, and since when. Nothing is judged where it is not known what is needed.
        var now = await StoreTimeAsync(wish.Writer, cancellationToken);
        var before = await ReadNotesAsync(wish.Writer, cancellationToken);
        var unnamed = objects
            .Where(item => !named.Contains(item.Key) && (fault is null || !HangsOnHeads(item.Key)))
            .Select(item => (Item: item, Since: before.GetValueOrDefault(item.Key, now)))
            .ToList();
        await WriteNotesAsync(wish.Writer, unnamed.ToDictionary(entry => entry.Item.Key, entry => entry.Since), cancellationToken);

        // 4. Snapshots first: what a snapshot in the store names is then in the store as well, wherever this is cut off.
        var due = unnamed.Where(entry => now - entry.Since >= _grace)
            .Select(entry => entry.Item)
            .OrderBy(item => !item.Key.StartsWith(StoreKeys.Snapshots, StringComparison.Ordinal))
            .ToList();
        foreach (var item in due)
        {
            await _store.DeleteAsync(item.Key, cancellationToken);
        }

        return new SweepResult(
            headsDeleted, due.Count, due.Sum(item => item.Bytes), unnamed.Count - due.Count, fault);
    }

    private static bool HangsOnHeads(string key) => key.StartsWith(StoreKeys.Snapshots, StringComparison.Ordinal)
        || key.StartsWith(StoreKeys.Packs, StringComparison.Ordinal)
        || key.StartsWith(StoreKeys.Images, StringComparison.Ordinal);

    private static string NotesKey(Guid writer) => $"{StoreKeys.Sweeps}{writer:N}.json";

    private static string HeldKey(Guid writer) => $"{StoreKeys.Sweeps}{writer:N}{HeldSuffix}";

    private async Task<int> DeleteHeadsAsync(SweepWish wish, CancellationToken cancellationToken)
    {
        var deleted = 0;
        await foreach (var item in _store.ListAsync(StoreKeys.Heads, cancellationToken))
        {
            var head = await TryReadHeadAsync(item.Key, cancellationToken);
            if (head is not null && head.Writer == wish.Writer && !await wish.IsAlive(head, cancellationToken)
                && await _heads.DeleteAsync(
                    wish.Writer, head.User, head.Workspace, head.WorkspaceId, cancellationToken))
            {
                deleted++;
            }
        }

        return deleted;
    }

    // A damaged head is told of when it is asked what it names.
    private async Task<WorkspaceHead?> TryReadHeadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return (await _heads.ReadAsync(key, cancellationToken))?.Head;
        }
        catch (ObjectStoreException exception) when (exception.Fault == ObjectStoreFault.Damaged)
        {
            return null;
        }
    }

    private async Task<List<StoredObject>> ListAsync(SweepWish wish, CancellationToken cancellationToken)
    {
        var found = new List<StoredObject>();
        string?[] prefixes = [StoreKeys.Snapshots, StoreKeys.Packs, StoreKeys.Images, StoreKeys.Probes, wish.Prefix];
        foreach (var prefix in prefixes.OfType<string>())
        {
            await foreach (var item in _store.ListAsync(prefix, cancellationToken))
            {
                found.Add(item);
            }
        }

        return found;
    }

    private async Task<(HashSet<string> Named, string? Fault)> NamedAsync(
        SweepWish wish, HashSet<string> there, CancellationToken cancellationToken)
    {
        var named = wish.Images.Select(digest => StoreKeys.Images + digest).ToHashSet();
        if (wish.Keys is not null)
        {
            named.UnionWith(await wish.Keys(cancellationToken));
        }

        string? fault = null;
        await foreach (var item in _store.ListAsync(StoreKeys.Heads, cancellationToken))
        {
            fault = await FaultAsync(AddNamedAsync(item.Key, named, cancellationToken)) ?? fault;
        }

        foreach (var id in wish.Snapshots)
        {
            fault = await FaultAsync(AddSnapshotAsync(id, named, cancellationToken)) ?? fault;
        }

        await foreach (var item in _store.ListAsync(StoreKeys.Sweeps, cancellationToken))
        {
            if (item.Key.EndsWith(HeldSuffix, StringComparison.Ordinal) && item.Key != HeldKey(wish.Writer))
            {
                fault = await FaultAsync(AddHeldAsync(item.Key, named, there, cancellationToken)) ?? fault;
            }
        }

        return (named, fault);
    }

    private static async Task<string?> FaultAsync(Task reading)
    {
        try
        {
            await reading;
            return null;
        }
        catch (ObjectStoreException exception) when (exception.Fault == ObjectStoreFault.Damaged)
        {
            return exception.Message;
        }
    }

    private async Task AddNamedAsync(string head, HashSet<string> named, CancellationToken cancellationToken)
    {
        if (await _heads.ReadAsync(head, cancellationToken) is not { } there)
        {
            return;
        }

        named.Add(StoreKeys.Images + there.Head.ImageDigest);
        await AddSnapshotAsync(there.Head.Snapshot, named, cancellationToken);
        await AddSnapshotAsync(there.Head.Previous, named, cancellationToken);
    }

    /// <summary>What another database wants; it may have said so long ago, so what is gone is no fault.</summary>
    private async Task AddHeldAsync(
        string key, HashSet<string> named, HashSet<string> there, CancellationToken cancellationToken)
    {
        var bytes = await _store.ReadWholeAsync(key, MaxNotesBytes, cancellationToken);
        foreach (var id in bytes is null ? [] : ReadHeld(key, bytes))
        {
            if (StoreKeys.Snapshot(id) is { } snapshot && there.Contains(snapshot))
            {
                await AddSnapshotAsync(id, named, cancellationToken);
            }
        }
    }

    private IReadOnlyList<string> ReadHeld(string key, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var held = JsonSerializer.Deserialize(bytes.Span, SweepJson.Default.HeldSnapshots);
            return held is { Format: HeldSnapshots.CurrentFormat, Snapshots: { } ids }
                ? ids
                : throw new JsonException("its format is not known");
        }
        catch (JsonException exception)
        {
            throw _store.Damaged(key, exception.Message, exception);
        }
    }

    private async Task AddSnapshotAsync(string? id, HashSet<string> named, CancellationToken cancellationToken)
    {
        if (id is not null && named.Add(StoreKeys.Snapshot(id)!))
        {
            // Its list of packs tells all: no page has to be read.
            var root = await _reader.ReadRootAsync(id, cancellationToken);
            named.UnionWith(root.Packs.Select(pack => StoreKeys.Pack(pack.Pack)));
            named.Add(StoreKeys.Images + root.Header.ImageDigest);
        }
    }

    // Ours may be wrong by more than the grace.
    private async Task<DateTimeOffset> StoreTimeAsync(Guid writer, CancellationToken cancellationToken)
    {
        var key = $"{StoreKeys.Sweeps}{writer:N}.clock";
        await _store.PutAsync(key, [], cancellationToken);
        await foreach (var item in _store.ListAsync(key, cancellationToken))
        {
            return item.WrittenAt;
        }

        throw _store.Damaged(key, "it was written, and is not listed");
    }

    private async Task<Dictionary<string, DateTimeOffset>> ReadNotesAsync(
        Guid writer, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await _store.ReadWholeAsync(NotesKey(writer), MaxNotesBytes, cancellationToken);
            var notes = bytes is null ? null : JsonSerializer.Deserialize(bytes, SweepJson.Default.SweepNotes);
            return notes is { Format: SweepNotes.CurrentFormat, Unnamed: { } unnamed } ? unnamed : [];
        }
        catch (JsonException)
        {
            // Then the grace begins anew for all.
            return [];
        }
    }

    private Task WriteNotesAsync(
        Guid writer, Dictionary<string, DateTimeOffset> unnamed, CancellationToken cancellationToken) => _store.PutAsync(
            NotesKey(writer),
            JsonSerializer.SerializeToUtf8Bytes(
                new SweepNotes(SweepNotes.CurrentFormat, unnamed), SweepJson.Default.SweepNotes),
            cancellationToken);
}
