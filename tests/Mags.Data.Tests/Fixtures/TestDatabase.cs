using Mags.Data.Accounts;
using Mags.Data.Files;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Data.Tests.Fixtures;

/// <summary>A database of one test, composed as the server does it.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly List<ServiceProvider> _providers = [];
    private readonly string _provider;
    private readonly string? _folder;

    private TestDatabase(string provider, string connectionString, string? folder)
    {
        _provider = provider;
        _folder = folder;
        ConnectionString = connectionString;
        Services = Open(connectionString);
    }

    public string ConnectionString { get; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public IServiceProvider Services { get; }

    public JobStore Jobs => Services.GetRequiredService<JobStore>();

    public WorkspaceStore Workspaces => Services.GetRequiredService<WorkspaceStore>();

    public LayerStore Layers => Services.GetRequiredService<LayerStore>();

    public SnapshotStore Snapshots => Services.GetRequiredService<SnapshotStore>();

    public FileStore Files => Services.GetRequiredService<FileStore>();

    public AccountStore Accounts => Services.GetRequiredService<AccountStore>();

    public DatabaseMigrator Migrator => Services.GetRequiredService<DatabaseMigrator>();

    public Database Database => Services.GetRequiredService<Database>();

    public bool IsSqlite => _provider == DataOptions.Sqlite;

    /// <summary>Path of the SQLite file.</summary>
    public string File => new SqliteConnectionStringBuilder(ConnectionString).DataSource;

    /// <summary>A database without tables.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync(string provider, PostgresServer postgres)
    {
        if (provider == DataOptions.Postgres)
        {
            return new TestDatabase(provider, await postgres.CreateDatabaseAsync(), folder: null);
        }

        var folder = Directory.CreateTempSubdirectory("mags-data-").FullName;
        return new TestDatabase(provider, $"Data Source={Path.Combine(folder, "mags.db")}", folder);
    }

    /// <summary>A database of this version.</summary>
    public static async Task<TestDatabase> CreateAsync(string provider, PostgresServer postgres)
    {
        var database = await CreateEmptyAsync(provider, postgres);
        await database.Migrator.MigrateAsync(TestContext.Current.CancellationToken);
        return database;
    }

    /// <summary>Listens to the statements of a SQLite database; to be called before its first use.</summary>
    public StatementSpy Spy() => new(File);

    /// <summary>The stores once more, as another process would open them.</summary>
    public IServiceProvider OpenAgain() => Open(ConnectionString);

    /// <summary>The stores on a connection that may only read.</summary>
    public IServiceProvider OpenReadOnly() => Open(ConnectionString + (IsSqlite
        ? ";Mode=ReadOnly"
        : ";Options=-c default_transaction_read_only=on"));

    /// <summary>The stores on another database of the same engine.</summary>
    public IServiceProvider OpenAt(string connectionString) => Open(connectionString);

    /// <summary>A user to own jobs.</summary>
    public async Task<Guid> AddUserAsync(string name = "ada") =>
        (await Accounts.EnsureUserAsync(name, TestContext.Current.CancellationToken)).Id;

    /// <summary>A job of this user, a second later than the one before.</summary>
    public async Task<JobRow> AddJobAsync(
        Guid userId, string name = "job", JobState state = JobState.Pending, string? workspaceId = null)
    {
        var job = NewJob(userId, name, state, workspaceId);
        await Jobs.AddAsync(job, NewInput(job), JobQuota.None, TestContext.Current.CancellationToken);
        return job;
    }

    /// <summary>A job that is not added, a second later than the one before.</summary>
    public JobRow NewJob(
        Guid userId, string name = "job", JobState state = JobState.Pending, string? workspaceId = null)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return new JobRow
        {
            Id = Guid.CreateVersion7(Time.GetUtcNow()),
            UserId = userId,
            Name = name,
            State = state,
            ScriptFirstLine = "echo hi",
            Image = "debian",
            Isolation = "microvm",
            Vcpus = 1,
            MemoryMib = 256,
            DiskGb = 2,
            WorkspaceId = workspaceId,
            Subdomain = "0123456789ab",
            CreatedAt = Time.GetUtcNow(),
        };
    }

    public static JobInputRow NewInput(JobRow job) =>
        new() { JobId = job.Id, Script = "echo hi\n"u8.ToArray(), EnvironmentJson = "{}" };

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
        {
            await provider.DisposeAsync();
        }

        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private ServiceProvider Open(string connectionString)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Data:Provider"] = _provider,
            ["Data:ConnectionString"] = connectionString,
        }).Build();
        var provider = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(Time)
            .AddMagsData()
            .BuildServiceProvider();
        _providers.Add(provider);
        return provider;
    }
}
