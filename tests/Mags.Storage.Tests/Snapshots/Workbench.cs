using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Mags.Storage.Snapshots.Format;
using Mags.Storage.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Storage.Tests.Snapshots;

/// <summary>All that works on one store, and the ways that tests go through it.</summary>
internal sealed class Workbench : IDisposable
{
    public static readonly Guid Database = new("0d4ce0a3-6e3f-4d47-9a39-1f6b1c9e3a01");

    private readonly SnapshotWriter _writer;
    private readonly IOptions<ObjectStoreOptions> _options;

    public Workbench(bool conditional = true, int packBytes = PackWriter.DefaultBytes, IObjectStore? other = null)
    {
        Store = new MemoryObjectStore(Time) { Conditional = conditional };
        var store = other ?? Store;
        _options = Options.Create(new ObjectStoreOptions { SweepGrace = TimeSpan.FromHours(24) });
        Reader = new SnapshotReader(store, _options);
        _writer = new SnapshotWriter(store, Reader, _options, Time, NullLogger<SnapshotWriter>.Instance) { PackBytes = packBytes };
        Heads = new WorkspaceHeads(store);
        Sweeper = new StoreSweeper(store, Heads, Reader, _options);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));

    public MemoryObjectStore Store { get; }

    public SnapshotReader Reader { get; }

    public WorkspaceHeads Heads { get; }

    public StoreSweeper Sweeper { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static SnapshotSubject Subject(string workspace) =>
        new("ann", workspace, "debian", new string('a', 64), 2);

    public Task<SnapshotResult> WriteAsync(IDiskSource disk, string? baseId, string workspace = "one") =>
        _writer.WriteAsync(Subject(workspace), baseId, disk, Stop);

    /// <summary>As a server does it: snapshot against the head's, then the head.</summary>
    public async Task<SnapshotResult> SyncAsync(MemoryDisk disk, string workspace = "one", string? forkedFrom = null)
    {
        var there = await Heads.ReadAsync("ann", workspace, Stop);
        var made = await WriteAsync(disk, there?.Head.Snapshot ?? forkedFrom, workspace);
        var subject = Subject(workspace);
        var written = await Heads.WriteAsync(
            new WorkspaceHead(
                Database,
                subject.User,
                workspace,
                subject.Image,
                subject.ImageDigest,
                subject.DiskGb,
                made.Id,
                there?.Head.Snapshot,
                Time.GetUtcNow()),
            there?.Version,
            Stop);
        Assert.True(written.IsWritten);
        disk.Seal();
        return made;
    }

    public async Task<byte[]> RestoreAsync(string id)
    {
        var target = new MemoryTarget();
        await Reader.RestoreAsync(id, target, Stop);
        return target.Content;
    }

    public Task AssertSameAsync(MemoryDisk disk, string id) => AssertSameAsync(disk.Content, id);

    public async Task AssertSameAsync(byte[] content, string id)
    {
        var restored = await RestoreAsync(id);
        Assert.True(content.AsSpan().SequenceEqual(restored), "the restored disk is another one");
    }

    /// <summary>That what a snapshot says of its packs is what its pages say.</summary>
    public async Task AssertCountsAsync(string id)
    {
        using var codec = new SectionCodec();
        var fetcher = new SectionFetcher(Store, codec, 2);
        var root = await Reader.ReadRootAsync(id, Stop);
        var refs = root.Nodes.Select(node => node.Ref).ToList();
        foreach (var (position, node) in root.Nodes)
        {
            foreach (var (number, page) in (await fetcher.ReadPageAsync(DiskLayout.Node, position, node, Stop)).Present)
            {
                refs.Add(page);
                refs.AddRange((await fetcher.ReadPageAsync(DiskLayout.Page, number, page, Stop)).Present.Select(entry => entry.Ref));
            }
        }

        var counted = refs.GroupBy(section => section.Pack)
            .Select(pack => new PackUse(
                pack.Key, (uint)Store[StoreKeys.Pack(pack.Key)].Length, (uint)pack.Sum(section => section.Length)))
            .OrderBy(pack => pack.Pack);
        Assert.Equal(counted, root.Packs);
    }

    public Task<SweepResult> SweepAsync(params string[] gone) => Sweeper.SweepAsync(
        new SweepWish
        {
            Writer = Database,
            IsAlive = (head, _) => Task.FromResult(!gone.Contains(head.Workspace)),
        },
        Stop);

    public void Dispose()
    {
        _writer.Dispose();
        Reader.Dispose();
    }
}
