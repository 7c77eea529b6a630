using Mags.Storage.Objects;
using Mags.Storage.Snapshots.Format;
using Microsoft.Extensions.Options;

namespace Mags.Storage.Snapshots;

/// <summary>Reads snapshots of disks from the object store, everything verified.</summary>
public sealed class SnapshotReader : IDisposable
{
    // Of a disk of 256 GiB: no snapshot's root is larger.
    private const int MaxRootBytes = 16 << 20;

    private readonly IObjectStore _store;
    private readonly SectionCodec _codec = new();
    private readonly int _parallel;

    internal SnapshotReader(IObjectStore store, IOptions<ObjectStoreOptions> options)
    {
        _store = store;
        _parallel = options.Value.Parallel;
    }

    /// <summary>What a snapshot says of itself.</summary>
    /// <exception cref="ObjectStoreException">It is damaged or not there, or the store cannot be read.</exception>
    public async Task<SnapshotInfo> ReadAsync(string id, CancellationToken cancellationToken) =>
        (await ReadRootAsync(id, cancellationToken)).ToInfo(id);

    /// <summary>Writes a snapshot's disk to a target.</summary>
    /// <param name="id">The snapshot.</param>
    /// <param name="target">Gets the content; it is whole when this returns, and not to be used when this throws.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ObjectStoreException">It is damaged, or the store cannot be read.</exception>
    public async Task<RestoreResult> RestoreAsync(string id, IDiskTarget target, CancellationToken cancellationToken)
    {
        var root = await ReadRootAsync(id, cancellationToken);
        var fetcher = new SectionFetcher(_store, _codec, _parallel);
        var chunks = await ListChunksAsync(root, fetcher, cancellationToken);
        var size = root.Header.SizeBytes;
        await target.BeginAsync(size, RangesOf(chunks, size), cancellationToken);
        var written = 0L;
        await fetcher.FetchAsync(
            chunks,
            async (position, section, plain, token) =>
            {
                if (plain.Length != DiskLayout.ChunkBytes)
                {
                    throw _store.Damaged(StoreKeys.Pack(section.Pack), $"at {section.Offset}: it is no chunk of a disk");
                }

                var offset = (long)position * DiskLayout.ChunkBytes;
                var content = plain[..(int)Math.Min(plain.Length, size - offset)];
                await target.WriteAsync(offset, content, token);
                Interlocked.Add(ref written, content.Length);
            },
            cancellationToken);
        return new RestoreResult(root.ToInfo(id), written, fetcher.BytesFetched);
    }

    /// <summary>Frees what decompression holds.</summary>
    public void Dispose() => _codec.Dispose();

    internal async Task<SnapshotRoot> ReadRootAsync(string id, CancellationToken cancellationToken) =>
        await FindRootAsync(id, cancellationToken)
            ?? throw _store.Damaged(StoreKeys.Snapshot(id) ?? id, "it is not there");

    /// <summary>The snapshot's root; null when it is not there.</summary>
    internal async Task<SnapshotRoot?> FindRootAsync(string id, CancellationToken cancellationToken)
    {
        var key = StoreKeys.Snapshot(id) ?? throw new ArgumentException($"`{id}` is no snapshot's id", nameof(id));
        if (await _store.ReadWholeAsync(key, MaxRootBytes, cancellationToken) is not { } bytes)
        {
            return null;
        }

        if (Sha256Sum.Of(bytes).ToString() != id)
        {
            throw _store.Damaged(key, "it has another SHA-256");
        }

        try
        {
            return SnapshotRoot.Read(bytes);
        }
        catch (InvalidDataException exception)
        {
            throw _store.Damaged(key, exception.Message, exception);
        }
    }

    /// <summary>All chunks of a snapshot that are not zero, in order.</summary>
    internal static async Task<IReadOnlyList<(int Position, SectionRef Ref)>> ListChunksAsync(
        SnapshotRoot root, SectionFetcher fetcher, CancellationToken cancellationToken)
    {
        var pages = await ListAsync(DiskLayout.Node, root.Nodes, fetcher, cancellationToken);
        return await ListAsync(DiskLayout.Page, pages, fetcher, cancellationToken);
    }

    // What pages or nodes refer to, in order.
    private static async Task<IReadOnlyList<(int Position, SectionRef Ref)>> ListAsync(
        byte level,
        IReadOnlyList<(int Position, SectionRef Ref)> pages,
        SectionFetcher fetcher,
        CancellationToken cancellationToken)
    {
        var found = new List<(int Position, SectionRef Ref)>();
        await fetcher.FetchAsync(
            pages,
            (position, section, plain, _) =>
            {
                var page = fetcher.ParsePage(level, position, section, plain);
                lock (found)
                {
                    found.AddRange(page.Present);
                }

                return Task.CompletedTask;
            },
            cancellationToken);
        found.Sort(static (one, other) => one.Position.CompareTo(other.Position));
        return found;
    }

    private static List<DiskRange> RangesOf(IReadOnlyList<(int Position, SectionRef Ref)> chunks, long size)
    {
        var ranges = new List<DiskRange>();
        foreach (var (position, _) in chunks)
        {
            var offset = (long)position * DiskLayout.ChunkBytes;
            var length = Math.Min(DiskLayout.ChunkBytes, size - offset);
            if (ranges.Count > 0 && ranges[^1].Offset + ranges[^1].Length == offset)
            {
                ranges[^1] = ranges[^1] with { Length = ranges[^1].Length + length };
            }
            else
            {
                ranges.Add(new DiskRange(offset, length));
            }
        }

        return ranges;
    }
}
