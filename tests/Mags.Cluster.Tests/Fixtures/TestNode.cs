using Mags.Cluster.Tests.Fakes;
using Mags.Data;
using Mags.Data.Accounts;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Mags.Storage;
using Mags.Storage.Objects;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Cluster.Tests.Fixtures;

/// <summary>A node's home, its database and its object store, of one test; nothing runs on it.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private TestNode(string home, ServiceProvider services) => (Home, _services) = (home, services);

    public string Home { get; }

    public Guid User { get; private set; }

    public WorkspaceStore Workspaces => Get<WorkspaceStore>();

    public LayerStore Layers => Get<LayerStore>();

    public SnapshotStore Snapshots => Get<SnapshotStore>();

    public LayerFiles Files => Get<LayerFiles>();

    public WatchedStore Objects => (WatchedStore)Get<IObjectStore>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<TestNode> MakeAsync()
    {
        var home = Directory.CreateTempSubdirectory("mags-node-").FullName;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"{DataOptions.Section}:{nameof(DataOptions.ConnectionString)}"] = $"Data Source={Path.Combine(home, "mags.db")}",
            [$"{ObjectStoreOptions.Section}:{nameof(ObjectStoreOptions.Folder)}"] = Path.Combine(home, "objects"),
        }).Build();
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(configuration)
            .AddMagsData()
            .AddMagsStorage()
            .AddMagsMachineSetup()
            .Configure<MachinesOptions>(options => options.Home = home);
        WatchedStore.TakePlace(services);
        var node = new TestNode(home, services.BuildServiceProvider());
        await node.Get<DatabaseMigrator>().MigrateAsync(Stop);
        node.User = (await node.Get<AccountStore>().EnsureUserAsync("ada", Stop)).Id;
        _ = Directory.CreateDirectory(Path.GetDirectoryName(node.Files.PathOf(Guid.Empty))!);
        return node;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>A persistent job that is active in a workspace, or on a disk of its own.</summary>
    public async Task<JobRow> AddJobAsync(string? workspace)
    {
        var job = NewJob(workspace);
        var input = new JobInputRow { JobId = job.Id, Script = "echo hi\n"u8.ToArray(), EnvironmentJson = "{}" };
        Assert.Null(await Get<JobStore>().AddAsync(job, input, JobQuota.None, new WorkspaceWish { Name = workspace }, Stop));
        return job;
    }

    /// <summary>A persistent job that is not added.</summary>
    public JobRow NewJob(string? workspace) => new()
    {
        Id = Guid.CreateVersion7(),
        UserId = User,
        Name = "job",
        State = JobState.Pending,
        ScriptFirstLine = "echo hi",
        Image = "debian",
        Isolation = "microvm",
        Vcpus = 1,
        MemoryMib = 256,
        DiskGb = 2,
        WorkspaceId = workspace,
        Persistent = true,
        Subdomain = "0123456789ab",
        CreatedAt = TimeProvider.System.GetUtcNow(),
    };

    /// <summary>A persistent workspace that a job has written to, which has ended.</summary>
    public async Task<OpenedLayer> AddSealedAsync(string name)
    {
        var job = await AddJobAsync(name);
        var opened = (await Layers.OpenAsync(User, name, 2, Stop))!;
        await Layers.SealAsync(opened.Workspace.Id, opened.Id, 1, Stop);
        _ = await Get<JobStore>().UpdateAsync(job.Id, row => row.State = JobState.Completed, Stop);
        return opened;
    }

    /// <summary>A workspace that the object store alone has, as this snapshot.</summary>
    public async Task<WorkspaceRow> AddStoredAsync(string name, string snapshot)
    {
        var opened = await AddSealedAsync(name);
        _ = await Snapshots.SetSyncedAsync(opened.Workspace.Id, opened.Id, snapshot, TimeProvider.System.GetUtcNow(), Stop);
        _ = await Snapshots.EvictAsync(opened.Workspace.Id, Stop);
        return (await Workspaces.FindAsync(User, name, Stop))!;
    }

    /// <summary>Does to rows and files what a restore does.</summary>
    public async Task<Guid> RestoreAsync(WorkspaceRow workspace)
    {
        var (lowest, restored) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await WriteAsync(lowest);
        await WriteAsync(restored);
        _ = await Snapshots.SetRestoredAsync(
            workspace.Id, workspace.SnapshotId!, lowest, 2, restored, 1, TimeProvider.System.GetUtcNow(), Stop);
        return restored;
    }

    /// <summary>Makes the file of a layer, written to.</summary>
    public Task WriteAsync(Guid layer)
    {
        // Longer than an empty one, and not all zero.
        var content = new byte[200_000];
        content[0] = 1;
        return File.WriteAllBytesAsync(Files.PathOf(layer), content, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
