using Mags.Cluster.Jobs.Logs;
using Mags.Contracts.Jobs;

namespace Mags.Server.Jobs;

/// <summary>Lines as the API shows them.</summary>
internal static class LogMapping
{
    public static LogEntry ToEntry(LogLine line) => new()
    {
        Seq = line.Seq,
        Timestamp = line.Timestamp,
        Level = line.Source == LogSource.Stderr ? "error" : "info",
        Message = line.Message,
        Source = line.Source switch
        {
            LogSource.Stdout => "stdout",
            LogSource.Stderr => "stderr",
            _ => "system",
        },
    };
}
