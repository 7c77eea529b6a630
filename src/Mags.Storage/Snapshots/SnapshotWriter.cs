using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Storage.Snapshots;

/// <summary>Writes snapshots of disks to the object store: what is sent follows what changed, not the disk's size.</summary>
public sealed class SnapshotWriter : IDisposable
{
    private readonly IObjectStore _store;
    private readonly SnapshotReader _reader;
    private readonly SectionCodec _codec = new();
    private readonly ObjectStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SnapshotWriter> _log;

    internal SnapshotWriter(
        IObjectStore store,
        SnapshotReader reader,
        IOptions<ObjectStoreOptions> options,
        TimeProvider time,
        ILogger<SnapshotWriter> log)
    {
        _store = store;
        _reader = reader;
        _options = options.Value;
        _time = time;
        _log = log;
    }

    /// <summary>How large packs get. Not part of the format.</summary>
    internal int PackBytes { get; init; } = PackWriter.DefaultBytes;

    /// <summary>
    /// Writes a snapshot. Nothing names it yet: <see cref="WorkspaceHeads.WriteAsync"/> makes it the workspace's, and has to
    /// come within half of <see cref="ObjectStoreOptions.SweepGrace"/>, or a sweep may take it.
    /// </summary>
    /// <param name="subject">Whose disk it is.</param>
    /// <param name="baseId">
    /// The snapshot that the source's extents are changes to, of the same workspace or of the one that it was forked from;
    /// a head must name it. Null to send all.
    /// </param>
    /// <param name="source">The disk.</param>
    /// <param name="cancellationToken">Gives up; what was sent already is swept later.</param>
    /// <returns>What was done. Where nothing changed, nothing was written and the id is the base's.</returns>
    /// <exception cref="ObjectStoreException">
    /// The store failed, or the base is damaged: then only one without a base can be written.
    /// </exception>
    public async Task<SnapshotResult> WriteAsync(
        SnapshotSubject subject, string? baseId, IDiskSource source, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var root = baseId is null ? null : await _reader.ReadRootAsync(baseId, cancellationToken);
        if (source.SizeBytes < root?.Header.SizeBytes || DiskLayout.NodesOf(source.SizeBytes) > DiskLayout.MaxNodes)
        {
            throw new ArgumentException($"a disk of {source.SizeBytes} bytes is too large, or smaller than its base", nameof(source));
        }

        await using var run = new SnapshotRun(_store, _codec, root, PackBytes, _options.Parallel, _log, cancellationToken);
        await run.SendChangesAsync(source);
        if (root is not null && !run.IsChanged && root.Header.SizeBytes == source.SizeBytes)
        {
            return new SnapshotResult(baseId!, 0, 0, 0, run.Unchanged, 0, 0, 0);
        }

        await run.RewritePacksAsync();
        var (nodes, packs) = await run.FinishAsync();

        // What was sent first would by now be old enough for a sweep, which has seen no head that names it.
        if (_time.GetElapsedTime(started) > _options.SweepGrace / 2)
        {
            throw new ObjectStoreException(
                ObjectStoreFault.Unreachable,
                $"the sync to {_store.Location} took longer than half of `ObjectStore:SweepGrace` ({_options.SweepGrace}): raise it, or find out why the store is slow");
        }

        var header = new SnapshotHeader(
            subject.User,
            subject.Workspace,
            subject.Image,
            subject.ImageDigest,
            subject.DiskGb,
            _time.GetUtcNow(),
            source.SizeBytes,
            baseId);
        var bytes = new SnapshotRoot(header, nodes, packs).ToBytes();
        var id = Sha256Sum.Of(bytes).ToString();
        await _store.PutAsync(StoreKeys.Snapshot(id)!, bytes, cancellationToken);
        return run.ToResult(id, bytes.Length);
    }

    /// <summary>Frees what compression holds.</summary>
    public void Dispose() => _codec.Dispose();
}
