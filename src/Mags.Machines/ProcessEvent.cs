namespace Mags.Machines;

/// <summary>Something a process in a machine did.</summary>
public abstract record ProcessEvent;

/// <summary>The process runs.</summary>
/// <param name="Pid">Its process id.</param>
public sealed record ProcessStarted(int Pid) : ProcessEvent;

/// <summary>Bytes that the process wrote, in order within a stream.</summary>
/// <param name="Stream">Where it wrote them.</param>
/// <param name="Data">The bytes; owned by the receiver.</param>
public sealed record ProcessOutput(OutputSource Stream, ReadOnlyMemory<byte> Data) : ProcessEvent;

/// <summary>The process ended; its output is complete.</summary>
/// <param name="ExitCode">0 to 255; 128 + n when killed by signal n.</param>
/// <param name="TimedOut">Whether the time limit ended it.</param>
/// <param name="Duration">How long it ran, by the guest's clock.</param>
public sealed record ProcessExited(int ExitCode, bool TimedOut, TimeSpan Duration) : ProcessEvent
{
    /// <summary>Whether the sandbox's memory was used up meanwhile, and its kernel ended processes for that.</summary>
    public bool RanOutOfMemory { get; init; }
}

/// <summary>Output stream of a process.</summary>
public enum OutputSource
{
    /// <summary>Standard output.</summary>
    Stdout,

    /// <summary>Standard error.</summary>
    Stderr,
}
