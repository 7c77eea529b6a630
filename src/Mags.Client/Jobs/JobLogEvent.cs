using Mags.Contracts.Jobs;

namespace Mags.Client.Jobs;

/// <summary>One step of a followed log: a line, or the end. Exactly one of the two is there.</summary>
public sealed record JobLogEvent
{
    private JobLogEvent()
    {
    }

    /// <summary>A line of the log.</summary>
    public LogEntry? Entry { get; private init; }

    /// <summary>How the script ended; the last step.</summary>
    public JobEnd? End { get; private init; }

    internal static JobLogEvent Of(LogEntry entry) => new() { Entry = entry };

    internal static JobLogEvent Of(JobEnd end) => new() { End = end };
}
