namespace Mags.Contracts.Jobs;

/// <summary>Answer of <c>GET /mags-jobs/:id/logs</c>.</summary>
public sealed record LogsResponse
{
    /// <summary>The lines, oldest first.</summary>
    public required IReadOnlyList<LogEntry> Logs { get; init; }
}
