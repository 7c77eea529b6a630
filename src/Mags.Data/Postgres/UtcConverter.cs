using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Mags.Data.Postgres;

/// <summary>Npgsql refuses a time with an offset for <c>timestamptz</c>.</summary>
internal sealed class UtcConverter() : ValueConverter<DateTimeOffset, DateTimeOffset>(
    time => time.ToUniversalTime(),
    time => time);
