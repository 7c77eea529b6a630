namespace Mags.Agent.Processes;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">0 to 255; 128 + n when signal n ended it; 124 when its time was up.</param>
/// <param name="Signal">0, or the signal that ended it.</param>
/// <param name="TimedOut">Whether its time was up.</param>
/// <param name="Duration">How long it ran.</param>
internal sealed record ProcessEnd(int ExitCode, int Signal, bool TimedOut, TimeSpan Duration)
{
    private const int TimeOutExitCode = 124;
    private const int SignalBase = 128;

    /// <summary>Processes of the sandbox that the kernel ended meanwhile because its memory was used up.</summary>
    public long MemoryKills { get; init; }

    /// <summary>Reads a status as <c>waitpid</c> gives it.</summary>
    public static ProcessEnd FromStatus(int status, bool timedOut, TimeSpan duration)
    {
        var signal = status & 0x7F;
        var code = timedOut ? TimeOutExitCode : signal != 0 ? SignalBase + signal : (status >> 8) & 0xFF;
        return new ProcessEnd(code, signal, timedOut, duration);
    }
}
