using System.ComponentModel.DataAnnotations;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mags.Data;

/// <summary>Which database holds the rows.</summary>
public sealed class DataOptions : IValidatableObject
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Data";

    /// <summary>Value of <see cref="Provider"/> for SQLite.</summary>
    public const string Sqlite = "sqlite";

    /// <summary>Value of <see cref="Provider"/> for PostgreSQL.</summary>
    public const string Postgres = "postgres";

    /// <summary><c>sqlite</c> (default; one node) or <c>postgres</c> (many nodes).</summary>
    [Required]
    [RegularExpression($"^({Sqlite}|{Postgres})$")]
    public string Provider { get; set; } = Sqlite;

    /// <summary>
    /// ADO.NET connection string, for example <c>Data Source=/var/lib/mags/mags.db</c>; no default. For SQLite only
    /// the data source and mode count: durability, time-outs and pooling are set here. May hold a password: never
    /// log it.
    /// </summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>Whether the connection string is one that the provider understands.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var fault = Provider == Postgres ? PostgresFault() : SqliteFault();
        return fault is null ? [] : [new ValidationResult(fault, [nameof(ConnectionString)])];
    }

    private string? SqliteFault()
    {
        try
        {
            var parsed = new SqliteConnectionStringBuilder(ConnectionString);
            return parsed.DataSource is "" or ":memory:" || parsed.Mode == SqliteOpenMode.Memory
                || parsed.DataSource.StartsWith("file:", StringComparison.Ordinal)
                ? "ConnectionString: SQLite needs the path of a file, as Data Source=PATH."
                : null;
        }
        catch (ArgumentException exception)
        {
            return $"ConnectionString: {exception.Message}";
        }
    }

    private string? PostgresFault()
    {
        try
        {
            var parsed = new NpgsqlConnectionStringBuilder(ConnectionString);
            return string.IsNullOrEmpty(parsed.Host) ? "ConnectionString: PostgreSQL needs a Host." : null;
        }
        catch (ArgumentException exception)
        {
            return $"ConnectionString: {exception.Message}";
        }
    }
}
