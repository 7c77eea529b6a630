namespace Mags.Cluster.Jobs.Logs;

/// <summary>One line of a job's log.</summary>
/// <param name="Seq">Rises by one from 1 within a job.</param>
/// <param name="Timestamp">When the line was received, UTC.</param>
/// <param name="Source">Who wrote it.</param>
/// <param name="Message">The line without its newline; invalid UTF-8 is replaced.</param>
public readonly record struct LogLine(long Seq, DateTimeOffset Timestamp, LogSource Source, string Message);
