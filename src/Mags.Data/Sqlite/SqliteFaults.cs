using Microsoft.Data.Sqlite;

namespace Mags.Data.Sqlite;

/// <summary>SQLite's result codes (https://www.sqlite.org/rescode.html) in our words.</summary>
internal static class SqliteFaults
{
    public static DatabaseException? Translate(Exception exception, string database)
    {
        // EF wraps it once or twice.
        var cause = exception as SqliteException;
        for (var inner = exception.InnerException; cause is null && inner is not null; inner = inner.InnerException)
        {
            cause = inner as SqliteException;
        }

        if (cause is null)
        {
            return null;
        }

        var (reason, sentence) = cause.SqliteErrorCode switch
        {
            5 or 6 => (DatabaseFault.Busy, "is held by another process for too long"),
            8 => (DatabaseFault.ReadOnly, "may not be written: it is read only"),
            10 => (DatabaseFault.Engine, "cannot be read or written: its disk reports an error"),
            11 or 26 => (DatabaseFault.Corrupt, "is damaged, or is no database"),
            13 => (DatabaseFault.DiskFull, "cannot be written: its disk is full"),
            14 => (DatabaseFault.Unavailable, "cannot be opened"),
            19 => (DatabaseFault.Conflict, "refuses the row"),
            _ => (DatabaseFault.Engine, "reports an error"),
        };
        return new DatabaseException(reason, $"The database {database} {sentence} ({cause.Message})", exception);
    }
}
