using Npgsql;

namespace Mags.Data.Postgres;

/// <summary>PostgreSQL's SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) in our words.</summary>
internal static class PostgresFaults
{
    public static DatabaseException? Translate(Exception exception, string database)
    {
        // EF wraps it once or twice.
        var cause = exception as NpgsqlException;
        for (var inner = exception.InnerException; cause is null && inner is not null; inner = inner.InnerException)
        {
            cause = inner as NpgsqlException;
        }

        if (cause is null)
        {
            return null;
        }

        var (reason, sentence) = Kind(cause);
        return new DatabaseException(reason, $"The database {database} {sentence} ({cause.Message})", exception);
    }

    private static (DatabaseFault Reason, string Sentence) Kind(NpgsqlException cause) =>
        cause.SqlState switch
        {
            // No code: the connection could not be made, broke, or did not answer in time.
            null => (DatabaseFault.Unavailable, "cannot be reached"),
            PostgresErrorCodes.DiskFull => (DatabaseFault.DiskFull, "cannot be written: its disk is full"),
            PostgresErrorCodes.ReadOnlySqlTransaction => (DatabaseFault.ReadOnly, "may not be written: it is read only"),
            PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.QueryCanceled =>
                (DatabaseFault.Busy, "is held by another transaction for too long"),
            PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted =>
                (DatabaseFault.Corrupt, "is damaged"),
            var code when code.StartsWith("23", StringComparison.Ordinal) =>
                (DatabaseFault.Conflict, "refuses the row"),
            var code when code.StartsWith("08", StringComparison.Ordinal)
                || code.StartsWith("28", StringComparison.Ordinal)
                || code.StartsWith("57P", StringComparison.Ordinal)
                || code is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.TooManyConnections =>
                (DatabaseFault.Unavailable, "cannot be reached"),
            _ => (DatabaseFault.Engine, "reports an error"),
        };
}
