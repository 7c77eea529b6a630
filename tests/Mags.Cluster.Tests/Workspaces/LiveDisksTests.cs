using Mags.Cluster.Workspaces;
using Mags.Data;
using Mags.Data.Accounts;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Cluster.Tests.Workspaces;

/// <summary>What is said of a layer that a sandbox has written to and that is not sealed.</summary>
public sealed class LiveDisksTests : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("mags-live-").FullName;
    private ServiceProvider _services = null!;
    private LiveDisks _live = null!;
    private OpenedLayer _opened = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private LayerStore Layers => _services.GetRequiredService<LayerStore>();

    private Guid Workspace => _opened.Workspace.Id;

    public async ValueTask InitializeAsync()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"{DataOptions.Section}:{nameof(DataOptions.ConnectionString)}"] = $"Data Source={Path.Combine(_home, "mags.db")}",
        }).Build();
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(configuration)
            .AddMagsData()
            .AddMagsMachineSetup()
            .Configure<MachinesOptions>(options => options.Home = _home)
            .BuildServiceProvider();
        await _services.GetRequiredService<DatabaseMigrator>().MigrateAsync(Stop);
        var user = await _services.GetRequiredService<AccountStore>().EnsureUserAsync("ada", Stop);
        await AddJobAsync(user.Id);
        _opened = (await Layers.OpenAsync(user.Id, "w", Stop))!;
        _live = new LiveDisks(Layers, _services.GetRequiredService<LayerFiles>(), NullLogger<LiveDisks>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task SealAsync_SandboxThatIsAboutToEnd_DoesNotSayThatAllIsSealed()
    {
        await WriteAsync();

        Assert.False(await _live.SealAsync(Workspace, Stop));
        Assert.True(await _live.HasChangedAsync(Workspace, Stop));

        await Layers.SealAsync(Workspace, _opened.Id, 4, Stop);
        Assert.True(await _live.SealAsync(Workspace, Stop));
        Assert.False(await _live.HasChangedAsync(Workspace, Stop));
    }

    [Fact]
    public async Task SealAsync_NothingWritten_SaysThatAllIsSealed() => Assert.True(await _live.SealAsync(Workspace, Stop));

    private async Task WriteAsync()
    {
        var path = _services.GetRequiredService<LayerFiles>().PathOf(_opened.Id);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "data", Stop);
    }

    private async Task AddJobAsync(Guid user)
    {
        var job = new JobRow
        {
            Id = Guid.CreateVersion7(),
            UserId = user,
            Name = "job",
            State = JobState.Pending,
            ScriptFirstLine = "echo hi",
            Image = "debian",
            Isolation = "microvm",
            Vcpus = 1,
            MemoryMib = 256,
            DiskGb = 2,
            Persistent = true,
            Subdomain = "0123456789ab",
            CreatedAt = TimeProvider.System.GetUtcNow(),
        };
        var input = new JobInputRow { JobId = job.Id, Script = "echo hi\n"u8.ToArray(), EnvironmentJson = "{}" };
        await _services.GetRequiredService<JobStore>()
            .AddAsync(job, input, JobQuota.None, new WorkspaceWish { Name = "w" }, Stop);
    }
}
