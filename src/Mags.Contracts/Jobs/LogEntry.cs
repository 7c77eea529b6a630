namespace Mags.Contracts.Jobs;

/// <summary>One line of a job's log.</summary>
public sealed record LogEntry
{
    /// <summary>Rises from 1 within a job.</summary>
    public required long Seq { get; init; }

    /// <summary>When the server received the line.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary><c>info</c> for stdout and system lines, <c>error</c> for stderr.</summary>
    public required string Level { get; init; }

    /// <summary>The line, without its newline; invalid UTF-8 is replaced.</summary>
    public required string Message { get; init; }

    /// <summary><c>stdout</c>, <c>stderr</c> or <c>system</c> (the platform's own lines).</summary>
    public required string Source { get; init; }
}
