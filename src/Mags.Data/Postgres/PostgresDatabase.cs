using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Mags.Data.Postgres;

/// <summary>A PostgreSQL database.</summary>
/// <remarks>
/// Each write has its own transaction on a pooled connection, not one queue as on SQLite. PostgreSQL writes in
/// parallel and groups the flushes of commits by itself, so a queue would gain nothing and put all round trips in one
/// line. It would also be wrong: a batch holds the row locks of unrelated jobs until its commit, and two nodes whose
/// batches touch the same jobs in different order would deadlock.
/// </remarks>
internal sealed class PostgresDatabase : Database
{
    /// <summary>How long a start waits for another process that migrates, in seconds.</summary>
    private const int MigrationSeconds = 60;

    /// <summary>Number of the lock that migrating takes; the same in every version.</summary>
    private const long MigrationLock = 0x6D616773;

    private readonly DbContextOptions<PostgresMagsDbContext> _options;
    private readonly PooledDbContextFactory<PostgresMagsDbContext> _readers;
    private readonly PooledDbContextFactory<PostgresMagsDbContext> _writers;
    private readonly string _connectionString;

    public PostgresDatabase(string connectionString, ILoggerFactory loggers)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        Name = $"{connection.Host}:{connection.Port}/{connection.Database}";
        _connectionString = connectionString;
        _options = DatabaseContextOptions.Create<PostgresMagsDbContext>(loggers).UseNpgsql(connectionString).Options;
        _writers = new PooledDbContextFactory<PostgresMagsDbContext>(_options);
        _readers = new PooledDbContextFactory<PostgresMagsDbContext>(
            new DbContextOptionsBuilder<PostgresMagsDbContext>(_options)
                .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
                .Options);
    }

    public override string Name { get; }

    public override async Task<T> WriteAsync<T>(
        Func<MagsDbContext, Task<T>> write, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await _writers.CreateDbContextAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

            // The write begins here. No token from now on: one that ends a commit half-way leaves its outcome unknown.
            db.Database.AutoSavepointsEnabled = false;
            var result = await write(db);
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        }
        catch (Exception exception) when (Translate(exception) is { } fault)
        {
            throw fault;
        }
    }

    public override MagsDbContext CreateMigrating() => new PostgresMagsDbContext(_options);

    /// <summary>
    /// Under a lock of the whole change. EF's own ends with each migration's transaction: another process may come in
    /// between two of them, and then both carry out the second.
    /// </summary>
    public override async Task MigrateAsync(MagsDbContext db, CancellationToken cancellationToken)
    {
        await EnsureExistsAsync(db, cancellationToken);

        // Without a pool: the lock belongs to the connection and ends with it.
        var settings = new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false };
        await using var gate = new NpgsqlConnection(settings.ToString());
        await gate.OpenAsync(cancellationToken);
        await using var take = new NpgsqlCommand("SELECT pg_advisory_lock($1)", gate)
        {
            CommandTimeout = MigrationSeconds,
            Parameters = { new() { Value = MigrationLock } },
        };
        await take.ExecuteNonQueryAsync(cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    public override DatabaseException? Translate(Exception exception) => PostgresFaults.Translate(exception, Name);

    public override async ValueTask DisposeAsync()
    {
        await using var pooled = new NpgsqlConnection(_connectionString);
        NpgsqlConnection.ClearPool(pooled);
    }

    protected override MagsDbContext CreateReader() => _readers.CreateDbContext();

    protected override async Task<IAsyncDisposable> BeginViewAsync(MagsDbContext db) =>
        await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead);

    private static async Task EnsureExistsAsync(MagsDbContext db, CancellationToken cancellationToken)
    {
        var creator = db.GetService<IRelationalDatabaseCreator>();
        if (await creator.ExistsAsync(cancellationToken))
        {
            return;
        }

        try
        {
            await creator.CreateAsync(cancellationToken);
        }
        catch (PostgresException exception)
            when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another process made it in between.
        }
    }
}
