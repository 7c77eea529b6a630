using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
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

    /// <summary>EF's own lock serves: it is PostgreSQL's, and ends with the connection.</summary>
    public override Task MigrateAsync(MagsDbContext db, CancellationToken cancellationToken) =>
        db.Database.MigrateAsync(cancellationToken);

    public override DatabaseException? Translate(Exception exception) => PostgresFaults.Translate(exception, Name);

    public override async ValueTask DisposeAsync()
    {
        await using var pooled = new NpgsqlConnection(_connectionString);
        NpgsqlConnection.ClearPool(pooled);
    }

    protected override MagsDbContext CreateReader() => _readers.CreateDbContext();
}
