using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Mags.Data.Sqlite;

/// <summary>
/// Times as integers: SQLite has no time type, and EF's text form neither sorts across offsets nor is compact.
/// Microseconds because PostgreSQL keeps just these.
/// </summary>
internal sealed class UnixMicrosecondsConverter() : ValueConverter<DateTimeOffset, long>(
    time => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond,
    value => DateTimeOffset.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond));
