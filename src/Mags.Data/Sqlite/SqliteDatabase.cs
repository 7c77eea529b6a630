using Mags.Data.Writes;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Mags.Data.Sqlite;

/// <summary>A SQLite file: one writing connection owned by a <see cref="WriteQueue"/>, pooled ones to read.</summary>
internal sealed class SqliteDatabase : Database
{
    /// <summary>How long a statement waits for another process, in seconds: in this one nobody competes.</summary>
    private const int BusySeconds = 5;

    /// <summary>How long a start waits for another process that migrates, in seconds.</summary>
    private const int MigrationSeconds = 60;

    // FULL: the log is flushed at each commit, so a told write survives a power cut. Temporary data (savepoints) stay
    // in memory: they need no file, and so none can fill up.
    private const string WriterPragmas =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;";

    private readonly PooledDbContextFactory<SqliteMagsDbContext> _readers;
    private readonly DbContextOptions<SqliteMagsDbContext> _writerOptions;
    private readonly WriteQueue _queue;
    private readonly string _readerConnection;

    public SqliteDatabase(string connectionString, ILoggerFactory loggers)
    {
        var connection = new SqliteConnectionStringBuilder(connectionString)
        {
            ForeignKeys = true,
            DefaultTimeout = BusySeconds,
            Pooling = true,
            DataSource = Path.GetFullPath(new SqliteConnectionStringBuilder(connectionString).DataSource),
        };
        Name = connection.DataSource;
        _readerConnection = connection.ToString();
        _readers = new PooledDbContextFactory<SqliteMagsDbContext>(DatabaseContextOptions
            .Create<SqliteMagsDbContext>(loggers)
            .UseSqlite(_readerConnection)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options);

        connection.Pooling = false;
        _writerOptions = DatabaseContextOptions.Create<SqliteMagsDbContext>(loggers)
            .UseSqlite(connection.ToString())
            .Options;
        _queue = new WriteQueue(OpenWriterAsync, Translate);
    }

    public override string Name { get; }

    public override Task<T> WriteAsync<T>(
        Func<MagsDbContext, Task<T>> write, CancellationToken cancellationToken) =>
        _queue.WriteAsync(write, cancellationToken);

    public override MagsDbContext CreateMigrating() => new SqliteMagsDbContext(_writerOptions);

    public override async Task MigrateAsync(MagsDbContext db, CancellationToken cancellationToken)
    {
        // EF's own lock on SQLite is a row that a killed process leaves behind for ever: then the next start hangs.
        // So an exclusive transaction on a file beside the database is the lock (it ends with its process), and
        // whoever holds it knows that a lock row found is a dead one's.
        await using var gate = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = $"{Name}.migrating",
            DefaultTimeout = MigrationSeconds,
            Pooling = false,
        }.ToString());
        await gate.OpenAsync(cancellationToken);
        await using var held = await gate.BeginTransactionAsync(cancellationToken);

        if (!File.Exists(Name))
        {
            CreateFile(Name);
        }

        await OpenForWritingAsync(db, cancellationToken);
        await db.Database.ExecuteSqlAsync($"DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    public override DatabaseException? Translate(Exception exception) => SqliteFaults.Translate(exception, Name);

    public override async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();

        // The last connection to close folds the log into the file and removes it.
        await using var pooled = new SqliteConnection(_readerConnection);
        SqliteConnection.ClearPool(pooled);
    }

    protected override MagsDbContext CreateReader() => _readers.CreateDbContext();

    protected override async Task<IAsyncDisposable> BeginViewAsync(MagsDbContext db)
    {
        // EF's own would begin as a writer's, and wait for the one there is.
        await db.Database.OpenConnectionAsync();
#pragma warning disable CA1849 // The other one begins as a writer's too. It waits for nothing: SQLite has no network.
        var view = ((SqliteConnection)db.Database.GetDbConnection()).BeginTransaction(deferred: true);
#pragma warning restore CA1849
        _ = await db.Database.UseTransactionAsync(view);
        return view;
    }

    /// <summary>Only the server's own user may read it: it holds scripts and their environment.</summary>
    private static void CreateFile(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
    }

    private static async Task OpenForWritingAsync(MagsDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync(WriterPragmas, cancellationToken);
    }

    private async Task<MagsDbContext> OpenWriterAsync(CancellationToken cancellationToken)
    {
        var writer = new SqliteMagsDbContext(_writerOptions);
        try
        {
            // The queue makes the savepoints.
            writer.Database.AutoSavepointsEnabled = false;
            await OpenForWritingAsync(writer, cancellationToken);
            return writer;
        }
        catch
        {
            await writer.DisposeAsync();
            throw;
        }
    }
}
