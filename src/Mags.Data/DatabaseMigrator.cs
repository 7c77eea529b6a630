using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Mags.Data;

/// <summary>Brings the database to this version of the program.</summary>
public sealed partial class DatabaseMigrator
{
    private readonly Database _database;
    private readonly ILogger<DatabaseMigrator> _logger;

    internal DatabaseMigrator(Database database, ILogger<DatabaseMigrator> logger)
    {
        _database = database;
        _logger = logger;
    }

    /// <summary>
    /// Makes the database when there is none and applies the migrations that it lacks. To be called at start, before
    /// any store is used. Several processes may call it at once.
    /// </summary>
    /// <exception cref="DatabaseException">
    /// <see cref="DatabaseFault.NewerVersion"/> when a newer version wrote the database: it is left untouched. Any
    /// other reason when it cannot be opened or changed.
    /// </exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var db = _database.CreateMigrating();
            var known = db.Database.GetMigrations().ToList();
            var applied = await AppliedAsync(db, cancellationToken);
            RefuseNewer(applied.Except(known).ToList());
            if (applied.Count < known.Count)
            {
                await _database.MigrateAsync(db, cancellationToken);

                // Another process may have been faster, and newer.
                RefuseNewer((await AppliedAsync(db, cancellationToken)).Except(known).ToList());
                LogMigrated(_database.Name, known[^1]);
            }
        }
        catch (Exception exception) when (_database.Translate(exception) is { } fault)
        {
            throw fault;
        }
    }

    private static async Task<List<string>> AppliedAsync(MagsDbContext db, CancellationToken cancellationToken) =>
        await db.Database.CanConnectAsync(cancellationToken)
            ? [.. await db.Database.GetAppliedMigrationsAsync(cancellationToken)]
            : [];

    private void RefuseNewer(List<string> unknown)
    {
        if (unknown.Count > 0)
        {
            throw new DatabaseException(
                DatabaseFault.NewerVersion,
                $"A newer version of Mags wrote the database {_database.Name} (this one does not know its change "
                + $"'{unknown[0]}'). Start that version, or use another database.");
        }
    }

    [LoggerMessage(LogLevel.Information, "Database {Database} brought to {Migration}")]
    private partial void LogMigrated(string database, string migration);
}
